#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "numeric/all_formats.h"

namespace mantissa {

/// The bits of a code from the first behind the sign on, as the definitions of tapered formats read
/// them; behind the last there are zeros.
class Bits {
 public:
  Bits(std::uint64_t code, int count) : code_(code), left_(count) {}

  bool done() const { return left_ == 0; }
  int next() { return left_ == 0 ? 0 : static_cast<int>(code_ >> --left_ & 1); }
  int number(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) value = 2 * value + next();
    return value;
  }
  /// All that is left as a number in [0, 1).
  double fraction() {
    double value = 0;
    for (double weight = 0.5; !done(); weight /= 2) value += weight * next();
    return value;
  }

 private:
  std::uint64_t code_;
  int left_;
};

/// The value of a positive posit of `bits` bits: Standard for Posit Arithmetic (2022), section 3.3,
/// (1 + f) 2^(4r + e) with 2^es in the place of 4.
inline double posit_value(std::uint64_t code, int bits, int exponent_bits) {
  Bits rest(code, bits - 1);
  const int first = rest.next();
  int run = 1;
  while (!rest.done()) {
    if (rest.next() != first) break;
    ++run;
  }
  const int regime = first == 1 ? run - 1 : -run;
  const int exponent = rest.number(exponent_bits);
  return std::ldexp(1 + rest.fraction(), regime * (1 << exponent_bits) + exponent);
}

/// Rounding among positive members that have the codes 1, 2, 3 ..., from the definition of rounding
/// in the posit standard, section 4.1, which the takums share. Written without regard to the code
/// under test; every value is a dyadic rational that a double holds, so that comparing is exact.
class TaperedOracle {
 public:
  /// `values[i]` has the code first_code + i, and `middles[i]` lies between it and the next: the
  /// member of a format with one bit more. `cut`: the middles are irrational, cut to binary64, so
  /// that nothing lies on them.
  TaperedOracle(std::vector<double> values, std::vector<double> middles, std::uint32_t first_code,
                bool cut = false)
      : values_(std::move(values)),
        middles_(std::move(middles)),
        first_code_(first_code),
        cut_(cut) {}

  double round(double x, RoundingMode mode, std::uint32_t random = 0) const {
    if (!std::isfinite(x)) return kNan;
    if (x == 0) return 0;
    const double magnitude = round_magnitude(std::abs(x), x < 0, mode, random);
    return x < 0 ? -magnitude : magnitude;
  }

  const std::vector<double>& values() const { return values_; }
  const std::vector<double>& middles() const { return middles_; }

 private:
  double round_magnitude(double x, bool negative, RoundingMode mode, std::uint32_t random) const {
    if (x >= values_.back()) return values_.back();
    if (x <= values_.front()) return values_.front();
    const auto above = std::upper_bound(values_.begin(), values_.end(), x);
    const auto at = static_cast<std::size_t>(above - values_.begin()) - 1;
    const double u = values_[at];
    if (u == x) return u;
    const double w = values_[at + 1];
    const bool odd = (first_code_ + at) % 2 != 0;
    if (cut_ && x == middles_[at] && is_nearest(mode)) return u;
    switch (mode.rounding) {
      case Rounding::nearest_even:
        return x < middles_[at] || (x == middles_[at] && !odd) ? u : w;
      case Rounding::nearest_away:
        return x < middles_[at] ? u : w;
      case Rounding::toward_zero:
        return u;
      case Rounding::up:
        return negative ? u : w;
      case Rounding::down:
        return negative ? w : u;
      case Rounding::to_odd:
        return odd ? u : w;
      case Rounding::stochastic:
        break;
    }
    return goes_away(x, u, w, mode, random) ? w : u;
  }

  static bool is_nearest(RoundingMode mode) {
    return mode.rounding == Rounding::nearest_even || mode.rounding == Rounding::nearest_away;
  }

  /// Whether the first R bits of the word are below those of (x - u) / (w - u), which is the same
  /// as (word + 1) (w - u) <= 2^R (x - u); in units small enough to make both whole numbers.
  static bool goes_away(double x, double u, double w, RoundingMode mode, std::uint32_t random) {
    const int bits = mode.random_bits == 0 ? 32 : mode.random_bits;
    if (u == 0 && x < std::ldexp(w, -40)) return false;
    const int unit = std::min(std::ilogb(x), std::ilogb(u == 0 ? x : u)) - 24;
    const auto whole = [unit](double value) {
      int exponent = 0;
      const double fraction = std::frexp(value, &exponent);
      const auto significand = static_cast<UnsignedInt128>(std::ldexp(fraction, 53));
      const int shift = exponent - 53 - unit;
      return shift >= 0 ? significand << shift : significand >> -shift;
    };
    const UnsignedInt128 word = (random >> (32 - bits)) + UnsignedInt128{1};
    const UnsignedInt128 step = whole(w) - whole(u);
    const UnsignedInt128 part = whole(x) - whole(u);
    // 2^R part may need more than 128 bits: divide first.
    UnsignedInt128 quotient = 0;
    UnsignedInt128 remainder = part;
    for (int i = 0; i < bits; ++i) {
      remainder *= 2;
      quotient *= 2;
      if (remainder >= step) {
        remainder -= step;
        ++quotient;
      }
    }
    return word <= quotient;
  }

  std::vector<double> values_;
  std::vector<double> middles_;
  std::uint32_t first_code_;
  bool cut_;
};

inline TaperedOracle posit_oracle(int bits, int exponent_bits) {
  std::vector<double> values;
  std::vector<double> middles;
  for (std::uint64_t code = 1; code < std::uint64_t{1} << (bits - 1); ++code) {
    values.push_back(posit_value(code, bits, exponent_bits));
    middles.push_back(posit_value(2 * code + 1, bits + 1, exponent_bits));
  }
  return {values, middles, 1};
}

/// l = c + m of a positive takum, from the definition of the takum encoding (Hunhold, 2024, arXiv
/// 2404.18603, section 4): D, R, C, M behind the sign.
inline double takum_logarithm(std::uint64_t code, int bits) {
  Bits rest(code, bits - 1);
  const int direction = rest.next();
  const int field = rest.number(3);
  const int length = direction == 1 ? field : 7 - field;
  const int stored = rest.number(length);
  const int power = 1 << length;
  const int characteristic = direction == 1 ? power - 1 + stored : -2 * power + 1 + stored;
  return characteristic + rest.fraction();
}

inline double linear_takum_value(std::uint64_t code, int bits) {
  const double logarithm = takum_logarithm(code, bits);
  const double characteristic = std::floor(logarithm);
  return std::ldexp(1 + logarithm - characteristic, static_cast<int>(characteristic));
}

/// Of the linear takums in the range of normal binary32 numbers.
inline TaperedOracle linear_takum_oracle(int bits) {
  std::vector<double> values;
  std::vector<double> middles;
  std::uint32_t first_code = 0;
  for (std::uint32_t code = 1; code < 1U << (bits - 1); ++code) {
    const double value = linear_takum_value(code, bits);
    if (value < 0x1p-126 || value >= 0x1p128) continue;
    if (values.empty()) first_code = code;
    values.push_back(value);
    middles.push_back(linear_takum_value(2 * code + 1, bits + 1));
  }
  return {values, middles, first_code};
}

/// Every member, the middle behind it, and their binary32 neighbours, with both signs.
inline std::vector<float> inputs_around(const TaperedOracle& oracle, std::size_t step = 1) {
  std::vector<float> inputs;
  const auto add = [&inputs](double value) {
    const auto nearest = static_cast<float>(value);
    for (const float input : {std::nextafter(nearest, 0.0F), nearest,
                              std::nextafter(nearest, std::numeric_limits<float>::infinity())}) {
      inputs.push_back(input);
      inputs.push_back(-input);
    }
  };
  for (std::size_t i = 0; i < oracle.values().size(); i += step) {
    add(oracle.values()[i]);
    add(oracle.middles()[i]);
  }
  add(oracle.values().back());
  return inputs;
}

}  // namespace mantissa
