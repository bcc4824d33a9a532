#include "numeric/exact_powers.h"

#include <bit>
#include <cassert>
#include <cmath>

namespace mantissa {
namespace {

/// A number in [0, 1): words after the point, the highest first.
using Fraction = std::array<std::uint64_t, 4>;

constexpr int kWordBits = 64;
constexpr int kWords = 4;
constexpr int kBehindBinary32 = kWordBits - 24;  // bits of the first word behind 24

/// a * b, cut off.
Fraction multiply(const Fraction& a, const Fraction& b) {
  std::array<std::uint64_t, 2 * kWords> product = {};
  for (std::size_t i = kWords; i-- > 0;) {
    UnsignedInt128 carry = 0;
    for (std::size_t j = kWords; j-- > 0;) {
      carry += UnsignedInt128{a[i]} * b[j] + product[i + j + 1];
      product[i + j + 1] = static_cast<std::uint64_t>(carry);
      carry >>= kWordBits;
    }
    product[i] = static_cast<std::uint64_t>(carry);
  }
  return {product[0], product[1], product[2], product[3]};
}

Fraction divide(const Fraction& a, std::uint64_t divisor) {
  Fraction quotient = {};
  UnsignedInt128 rest = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    rest = rest << kWordBits | a[i];
    quotient[i] = static_cast<std::uint64_t>(rest / divisor);
    rest %= divisor;
  }
  return quotient;
}

void add(Fraction& sum, const Fraction& addend) {
  UnsignedInt128 carry = 0;
  for (std::size_t i = kWords; i-- > 0;) {
    carry += UnsignedInt128{sum[i]} + addend[i];
    sum[i] = static_cast<std::uint64_t>(carry);
    carry >>= kWordBits;
  }
}

Fraction shifted_right(const Fraction& a, int bits) {
  Fraction shifted = {};
  for (std::size_t i = 0; i < kWords; ++i) {
    shifted[i] = a[i] >> bits;
    if (i > 0) shifted[i] |= a[i - 1] << (kWordBits - bits);
  }
  return shifted;
}

Fraction power_of_half(int exponent) {
  Fraction power = {};
  power[static_cast<std::size_t>(exponent - 1) / kWordBits] =
      std::uint64_t{1} << (kWordBits - 1 - (exponent - 1) % kWordBits);
  return power;
}

/// ln 2, as the sum of 2^-k / k.
Fraction logarithm_of_two() {
  Fraction sum = {};
  for (int k = 1; k <= kWords * kWordBits; ++k) {
    add(sum, divide(power_of_half(k), static_cast<std::uint64_t>(k)));
  }
  return sum;
}

/// exp(z) - 1 by Taylor's series, whose terms fall by z < 2^-24 each.
Fraction exponential_minus_one(const Fraction& z) {
  constexpr std::uint64_t kTerms = 12;
  Fraction term = z;
  Fraction sum = z;
  for (std::uint64_t k = 2; k <= kTerms; ++k) {
    term = divide(multiply(term, z), k);
    add(sum, term);
  }
  return sum;
}

/// What binary64 estimates, and comparisons with them, may be off by.
constexpr double kDoubt = 0x1p-48;

}  // namespace

const ExactPowers& ExactPowers::of_two() {
  static const ExactPowers powers(true);
  return powers;
}

const ExactPowers& ExactPowers::of_root_e() {
  static const ExactPowers powers(false);
  return powers;
}

// An error of 2^-255 in B^(2^-24) doubles with each square, and each factor of a power adds another
// one: the powers are good to more than 2^-210.
ExactPowers::ExactPowers(bool base_two)
    : positions_per_octave_(static_cast<double>(kOne) * (base_two ? 1.0 : 2 * std::log(2.0))) {
  const Fraction logarithm = base_two ? logarithm_of_two() : power_of_half(1);
  const Fraction rest = exponential_minus_one(shifted_right(logarithm, kPositionBits));
  Wide& first = squares_[0];
  first.words = shifted_right(rest, 1);
  first.words[0] |= std::uint64_t{1} << (kWordBits - 1);
  for (std::size_t j = 1; j < squares_.size(); ++j) {
    squares_[j] = product(squares_[j - 1], squares_[j - 1]);
  }
  // 1 / B = 1 - r + r^2 - ... would need signs: B^-256 is what B^256 must be multiplied by to give
  // 1, found digit by digit.
  const Wide& greatest = squares_.back();
  least_.exponent = -greatest.exponent - 1;
  for (std::size_t bit = 0; bit < kWords * kWordBits; ++bit) {
    Wide candidate = least_;
    candidate.words[bit / kWordBits] |= std::uint64_t{1} << (kWordBits - 1 - bit % kWordBits);
    if (bit == 0 || product(candidate, greatest).exponent < 0) least_ = candidate;
  }
  constexpr std::int64_t kDigit = 1 << 8;
  for (std::size_t digit = 0; digit < kDigits; ++digit) {
    std::int64_t step = 1;
    for (std::size_t i = 0; i < digit; ++i) step *= kDigit;
    const bool top = digit + 1 == kDigits;
    for (std::int64_t i = 0; i < (top ? kTopDigit : kDigit); ++i) {
      const Wide entry = power(i * step - (top ? kLimit : 0));
      const auto significand = static_cast<double>(entry.words[0] >> 11);
      digits_[digit][static_cast<std::size_t>(i)] = std::ldexp(significand, entry.exponent - 52);
    }
  }
}

ExactPowers::Wide ExactPowers::product(const Wide& a, const Wide& b) {
  Wide result;
  result.words = multiply(a.words, b.words);
  result.exponent = a.exponent + b.exponent + 1;
  if (result.words[0] >> (kWordBits - 1) == 0) {
    for (std::size_t i = 0; i < kWords; ++i) {
      result.words[i] <<= 1;
      if (i + 1 < kWords) result.words[i] |= result.words[i + 1] >> (kWordBits - 1);
    }
    --result.exponent;
  }
  return result;
}

ExactPowers::Wide ExactPowers::power(std::int64_t position) const {
  const auto bits = static_cast<std::uint64_t>(position + kLimit);
  Wide result = least_;
  for (std::size_t j = 0; j < squares_.size(); ++j) {
    if ((bits >> j & 1) != 0) result = product(result, squares_[j]);
  }
  return result;
}

double ExactPowers::estimate(std::int64_t position) const {
  const auto bits = static_cast<std::uint64_t>(position + kLimit);
  return digits_[0][bits & 0xFF] * digits_[1][bits >> 8 & 0xFF] *
         (digits_[2][bits >> 16 & 0xFF] * digits_[3][bits >> 24]);
}

double ExactPowers::near_position(double magnitude) const {
  return std::log2(magnitude) * positions_per_octave_;
}

double ExactPowers::nearest_binary32(std::int64_t position) const {
  const double near = estimate(position);
  const auto low = static_cast<float>(near * (1 - kDoubt));
  if (low == static_cast<float>(near * (1 + kDoubt))) return static_cast<double>(low);
  const Wide wide = power(position);
  const std::uint64_t significand =
      (wide.words[0] >> kBehindBinary32) + (wide.words[0] >> (kBehindBinary32 - 1) & 1);
  return std::ldexp(static_cast<double>(significand), wide.exponent - 23);
}

double ExactPowers::binary32_below(std::int64_t position) const {
  const double near = estimate(position);
  const int exponent = std::ilogb(near);
  const double scaled = std::ldexp(near, 23 - exponent);
  const double below = std::floor(scaled * (1 - kDoubt));
  if (below == std::floor(scaled * (1 + kDoubt))) return std::ldexp(below, exponent - 23);
  const Wide wide = power(position);
  return std::ldexp(static_cast<double>(wide.words[0] >> kBehindBinary32), wide.exponent - 23);
}

int ExactPowers::compare(const ExactValue& value, std::int64_t position) const {
  const int leading = value.leading_exponent();
  const double near = estimate(position);
  const int shift = leading - value.exponent - 63;  // what is behind the first 64 bits
  const auto first =
      static_cast<std::uint64_t>(shift >= 0 ? value.magnitude >> shift : value.magnitude << -shift);
  const double magnitude = std::ldexp(static_cast<double>(first), leading - 63);
  if (magnitude > near * (1 + 2 * kDoubt)) return 1;
  if (magnitude < near * (1 - 2 * kDoubt)) return -1;

  const Wide wide = power(position);
  if (leading != wide.exponent) return leading < wide.exponent ? -1 : 1;
  constexpr int kWidth = 2 * kWordBits;
  const UnsignedInt128 high = UnsignedInt128{wide.words[0]} << kWordBits | wide.words[1];
  const UnsignedInt128 aligned = value.magnitude << (kWidth - 1 - (leading - value.exponent));
  if (aligned >= high) {
    // An irrational power lies above its own first 128 bits.
    if (aligned > high) return 1;
    assert(!value.has_tail);
    return -1;
  }
  // A tail is less than a unit of the magnitude. That its bits should be the first 70 and more of a
  // power is possible, but happens in no format: the tests look for it.
  assert(!value.has_tail || high - aligned >= UnsignedInt128{1}
                                                  << (kWidth - 1 - (leading - value.exponent)));
  return -1;
}

}  // namespace mantissa
