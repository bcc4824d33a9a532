#pragma once

#include <mpfr.h>

#include "numeric/mpfr_oracle.h"
#include "numeric/tapered_oracle.h"

namespace mantissa {

constexpr mpfr_prec_t kPowerPrecision = 400;

/// sqrt(e)^logarithm, or 2^logarithm.
inline void set_power(Real& power, double logarithm, bool base_two) {
  Real exponent(64);
  mpfr_set_d(exponent.get(), logarithm, MPFR_RNDN);
  if (base_two) {
    mpfr_exp2(power.get(), exponent.get(), MPFR_RNDN);
  } else {
    mpfr_div_2ui(exponent.get(), exponent.get(), 1, MPFR_RNDN);
    mpfr_exp(power.get(), exponent.get(), MPFR_RNDN);
  }
}

/// The power rounded to `precision` bits.
inline double power_rounded(double logarithm, bool base_two, mpfr_prec_t precision,
                            mpfr_rnd_t rounding) {
  Real power(kPowerPrecision);
  set_power(power, logarithm, base_two);
  Real rounded(precision);
  mpfr_set(rounded.get(), power.get(), rounding);
  return mpfr_get_d(rounded.get(), MPFR_RNDN);
}

/// Of the takums in the range of normal binary32 numbers, by MPFR.
inline TaperedOracle takum_oracle(int bits) {
  std::vector<double> values;
  std::vector<double> middles;
  std::uint32_t first_code = 0;
  for (std::uint32_t code = 1; code < 1U << (bits - 1); ++code) {
    const double value = power_rounded(takum_logarithm(code, bits), false, 24, MPFR_RNDN);
    if (value < 0x1p-126 || value >= 0x1p128) continue;
    if (values.empty()) first_code = code;
    values.push_back(value);
    middles.push_back(power_rounded(takum_logarithm(2 * code + 1, bits + 1), false, 53, MPFR_RNDZ));
  }
  return {values, middles, first_code, true};
}

/// Rounds to a logarithmic format from its definition, by MPFR: the nearest logarithm, and zero
/// where that is the one of half of the smallest magnitude, or below.
class LnsOracle {
 public:
  LnsOracle(int integer_bits, int fraction_bits)
      : rungs_(make_rungs(integer_bits, fraction_bits)),
        least_(rungs_.values().front()),
        turn_(power_rounded(std::ilogb(least_) - 1 + std::ldexp(0.5, -fraction_bits), true, 53,
                            MPFR_RNDZ)) {}

  double round(double x, RoundingMode mode, std::uint32_t random = 0) const {
    if (std::isinf(x)) return x < 0 ? -rungs_.values().back() : rungs_.values().back();
    if (std::abs(x) >= least_ || x == 0 || std::isnan(x)) return rungs_.round(x, mode, random);
    const double magnitude = goes_away(x, mode, random) ? least_ : 0;
    return x < 0 ? -magnitude : magnitude;
  }

  /// Where zero ends, cut to binary64.
  double turn() const { return turn_; }
  const TaperedOracle& rungs() const { return rungs_; }

 private:
  static TaperedOracle make_rungs(int integer_bits, int fraction_bits) {
    std::vector<double> values;
    std::vector<double> middles;
    const int one = 1 << fraction_bits;
    const int limit = one << (integer_bits - 1);
    const int first = std::max(-limit, -126 * one);
    for (int rung = first; rung < limit; ++rung) {
      const double logarithm = std::ldexp(rung, -fraction_bits);
      const double half_step = std::ldexp(0.5, -fraction_bits);
      values.push_back(power_rounded(logarithm, true, 24, MPFR_RNDN));
      middles.push_back(power_rounded(logarithm + half_step, true, 53, MPFR_RNDZ));
    }
    return {values, middles, static_cast<std::uint32_t>(first), true};
  }

  /// From zero, whose code is even.
  bool goes_away(double x, RoundingMode mode, std::uint32_t random) const {
    const double magnitude = std::abs(x);
    switch (mode.rounding) {
      case Rounding::nearest_even:
      case Rounding::nearest_away:
        return magnitude > turn_;
      case Rounding::toward_zero:
        return false;
      case Rounding::up:
        return x > 0;
      case Rounding::down:
        return x < 0;
      case Rounding::to_odd:
        return true;
      case Rounding::stochastic:
        break;
    }
    // word < floor(2^R x / least), without a quotient.
    const int bits = mode.random_bits == 0 ? 32 : mode.random_bits;
    Real needed(kPowerPrecision);
    mpfr_set_d(needed.get(), least_, MPFR_RNDN);
    mpfr_mul_ui(needed.get(), needed.get(), (random >> (32 - bits)) + 1UL, MPFR_RNDN);
    mpfr_div_2ui(needed.get(), needed.get(), static_cast<unsigned long>(bits), MPFR_RNDN);
    return mpfr_cmp_d(needed.get(), magnitude) <= 0;
  }

  TaperedOracle rungs_;
  double least_;
  double turn_;
};

}  // namespace mantissa
