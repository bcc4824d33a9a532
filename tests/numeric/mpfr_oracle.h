#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include <mpfr.h>

#include "numeric/all_formats.h"
#include "numeric/mac.h"
#include "numeric/rounding_grid.h"

namespace mantissa {

/// An MPFR number that frees itself.
class Real {
 public:
  explicit Real(mpfr_prec_t precision) { mpfr_init2(value_, precision); }
  ~Real() { mpfr_clear(value_); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  Real(Real&&) = delete;
  Real& operator=(Real&&) = delete;

  mpfr_ptr get() { return value_; }
  mpfr_srcptr get() const { return value_; }

 private:
  mpfr_t value_ = {};
};

constexpr mpfr_prec_t kExactPrecision = 2400;  // sums and products of any binary64 numbers

/// Rounds real numbers to a format by MPFR's own rounding and its emulation of subnormals, written
/// from the definition of the format and not from the code under test.
class MpfrOracle {
 public:
  explicit MpfrOracle(const Format& format) : grid_(rounding_grid(format)) {
    if (const FloatFormat* f = format.as_float()) {
      precision_ = f->fraction_bits + 1;
      smallest_exponent_ = 1 - f->bias - f->fraction_bits;
    } else {
      precision_ = format.as_fixed()->integer_bits + format.as_fixed()->fraction_bits + 1;
      smallest_exponent_ = -format.as_fixed()->fraction_bits;
    }
  }

  /// `exact` rounded in the mode; for stochastic rounding with the word `random`.
  double round(const Real& exact, RoundingMode mode, std::uint32_t random = 0) const {
    if (mpfr_nan_p(exact.get()) != 0) return kNan;
    const bool negative = mpfr_signbit(exact.get()) != 0;
    if (mpfr_inf_p(exact.get()) != 0) return overflow(negative);
    Real rounded(precision_);
    round_unbounded(rounded, exact, mode, random);
    return finish(mpfr_get_d(rounded.get(), MPFR_RNDN), negative, mode.rounding);
  }

  /// a * b + c, rounded by mpfr_fma in one of the modes that MPFR has itself.
  double fused(double a, double b, double c, RoundingMode mode) const {
    Real x(53);
    Real y(53);
    Real z(53);
    mpfr_set_d(x.get(), a, MPFR_RNDN);
    mpfr_set_d(y.get(), b, MPFR_RNDN);
    mpfr_set_d(z.get(), c, MPFR_RNDN);
    Real sum(precision_);
    const mpfr_rnd_t rounding = *native(mode.rounding);
    with_subnormals(sum, mpfr_fma(sum.get(), x.get(), y.get(), z.get(), rounding), rounding);
    if (mpfr_nan_p(sum.get()) != 0) return kNan;
    const bool negative = mpfr_signbit(sum.get()) != 0;
    if (mpfr_inf_p(sum.get()) != 0) return overflow(negative);
    return finish(mpfr_get_d(sum.get(), MPFR_RNDN), negative, mode.rounding);
  }

  static std::optional<mpfr_rnd_t> native(Rounding rounding) {
    switch (rounding) {
      case Rounding::nearest_even:
        return MPFR_RNDN;
      case Rounding::toward_zero:
        return MPFR_RNDZ;
      case Rounding::up:
        return MPFR_RNDU;
      case Rounding::down:
        return MPFR_RNDD;
      default:
        return std::nullopt;
    }
  }

 private:
  /// Brings `result`, rounded to the format's precision with the ternary value `inexact`, to its
  /// smallest exponents, without rounding twice.
  void with_subnormals(Real& result, int inexact, mpfr_rnd_t rounding) const {
    const mpfr_exp_t old_smallest = mpfr_get_emin();
    mpfr_set_emin(smallest_exponent_ + 1);  // MPFR's significands lie in [1/2, 1)
    inexact = mpfr_check_range(result.get(), inexact, rounding);
    mpfr_subnormalize(result.get(), inexact, rounding);
    mpfr_set_emin(old_smallest);
  }

  void set(Real& result, const Real& exact, mpfr_rnd_t rounding) const {
    with_subnormals(result, mpfr_set(result.get(), exact.get(), rounding), rounding);
  }

  /// MPFR lacks ties away, odd and stochastic rounding: choose between the two neighbours that it
  /// gives.
  void round_unbounded(Real& result, const Real& exact, RoundingMode mode,
                       std::uint32_t random) const {
    if (const std::optional<mpfr_rnd_t> rounding = native(mode.rounding))
      return set(result, exact, *rounding);
    set(result, exact, MPFR_RNDZ);
    if (mpfr_equal_p(result.get(), exact.get()) != 0) return;
    Real away(precision_);
    set(away, exact, MPFR_RNDA);
    Real step(precision_ + 1);
    mpfr_sub(step.get(), away.get(), result.get(), MPFR_RNDN);
    const mpfr_exp_t step_exponent = mpfr_get_exp(step.get()) - 1;  // the step is a power of two
    Real rest(mpfr_get_prec(exact.get()));
    mpfr_sub(rest.get(), exact.get(), result.get(), MPFR_RNDN);
    mpfr_abs(rest.get(), rest.get(), MPFR_RNDN);
    mpfr_div_2si(rest.get(), rest.get(), step_exponent, MPFR_RNDN);    // the discarded fraction
    mpfr_div_2si(step.get(), result.get(), step_exponent, MPFR_RNDN);  // the significand
    if (goes_away(rest, mpfr_get_si(step.get(), MPFR_RNDN), mode, random))
      mpfr_set(result.get(), away.get(), MPFR_RNDN);
  }

  static bool goes_away(Real& fraction, long significand, RoundingMode mode, std::uint32_t random) {
    if (mode.rounding == Rounding::to_odd) return significand % 2 == 0;
    if (mode.rounding == Rounding::nearest_away) return mpfr_cmp_d(fraction.get(), 0.5) >= 0;
    const int bits = mode.random_bits == 0 ? 32 : mode.random_bits;
    mpfr_mul_2si(fraction.get(), fraction.get(), bits, MPFR_RNDN);
    return (random >> (32 - bits)) < mpfr_get_ui(fraction.get(), MPFR_RNDZ);
  }

  double overflow(bool negative) const {
    const double magnitude = negative ? grid_.overflow_negative : grid_.overflow_positive;
    return negative ? -magnitude : magnitude;
  }

  /// The rules beyond those of a number line that has no upper end.
  double finish(double rounded, bool negative, Rounding rounding) const {
    const double limit = negative ? grid_.max_negative : grid_.max_positive;
    if (std::abs(rounded) > limit) {
      const bool inward = rounding == Rounding::toward_zero || rounding == Rounding::to_odd ||
                          rounding == (negative ? Rounding::up : Rounding::down);
      if (!inward) return overflow(negative);
      return negative ? -limit : limit;
    }
    if (std::abs(rounded) < grid_.min_magnitude) rounded = negative ? -0.0 : 0.0;
    return rounded == 0 && !grid_.has_negative_zero ? 0.0 : rounded;
  }

  RoundingGrid grid_;
  mpfr_prec_t precision_ = 24;
  mpfr_exp_t smallest_exponent_ = -149;
};

}  // namespace mantissa
