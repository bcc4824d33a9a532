// Rounding vectors of scaled elements: `element(x / scale) * scale`. Included once for each target.

#if defined(MANTISSA_NUMERIC_SCALED_ROUNDER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_SCALED_ROUNDER_INL_H_
#undef MANTISSA_NUMERIC_SCALED_ROUNDER_INL_H_
#else
#define MANTISSA_NUMERIC_SCALED_ROUNDER_INL_H_
#endif

#include <cmath>
#include <limits>

#include <hwy/highway.h>

#include "numeric/rounding-inl.h"
#include "numeric/scaled_rounding.h"
#include "numeric/stochastic_rounder-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {

/// Scales of the lanes of a vector, with what is computed once for each.
struct LaneScales {
  using Floats = hwy::HWY_NAMESPACE::Vec<hwy::HWY_NAMESPACE::ScalableTag<float>>;

  Floats scale;
  Floats reciprocal;
  Floats cut;  ///< magnitudes, or quotients by powers of two, beyond which all saturates

  static HWY_INLINE LaneScales of(Floats scale, const ScaledRounding& rounding) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::ScalableTag<float> d;
    const Floats cut = hn::Set(d, rounding.cut);
    const bool power = rounding.method == ScaledMethod::power;
    return {scale, hn::Div(hn::Set(d, 1.0F), scale), power ? cut : hn::Mul(cut, scale)};
  }
};

/// Magnitudes of quotients by powers of two: multiplying by the reciprocal is exact, or so far
/// below the smallest element that rounding to nearest or by 32 random bits gives zero either way.
struct PowerQuotient {
  using Floats = LaneScales::Floats;
  static constexpr bool kExact = true;

  static HWY_INLINE Floats of(Floats magnitude, const LaneScales& scales) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::Min(hn::Mul(magnitude, scales.reciprocal), scales.cut);
  }
  static HWY_INLINE Floats cut(Floats magnitude, const LaneScales& scales) {
    return of(magnitude, scales);
  }
};

/// Magnitudes of quotients by other scales. One step of Newton's iteration brings the product with
/// the reciprocal to less than a unit in the last place from the quotient; the remainder, which a
/// fused multiply-add gives with its right sign, tells on which side it is.
struct RealQuotient {
  using Floats = LaneScales::Floats;
  static constexpr bool kExact = false;

  /// Rounded to odd, so that rounding once more, to fewer bits, is rounding once.
  static HWY_INLINE Floats of(Floats magnitude, const LaneScales& scales) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToSigned<hn::ScalableTag<float>> integer;
    const Parts parts = divide(magnitude, scales);
    const auto inexact = hn::RebindMask(integer, hn::Ne(parts.remainder, hn::Zero(Tag())));
    const auto odd = hn::IfThenElseZero(inexact, hn::Set(integer, 1));
    return hn::BitCast(Tag(), hn::Or(truncated(parts), odd));
  }
  /// Rounded toward zero.
  static HWY_INLINE Floats cut(Floats magnitude, const LaneScales& scales) {
    return hwy::HWY_NAMESPACE::BitCast(Tag(), truncated(divide(magnitude, scales)));
  }

 private:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Integers = hwy::HWY_NAMESPACE::Vec<hwy::HWY_NAMESPACE::RebindToSigned<Tag>>;

  struct Parts {
    Floats quotient;
    Floats remainder;
  };

  static HWY_INLINE Parts divide(Floats magnitude, const LaneScales& scales) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Floats a = hn::Min(magnitude, scales.cut);
    const Floats first = hn::Mul(a, scales.reciprocal);
    const Floats rest = hn::NegMulAdd(first, scales.scale, a);
    const Floats quotient = hn::MulAdd(rest, scales.reciprocal, first);
    return {quotient, hn::NegMulAdd(quotient, scales.scale, a)};
  }
  static HWY_INLINE Integers truncated(const Parts& parts) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToSigned<Tag> integer;
    // The sign bit of the remainder, as -1: never that of a zero, since x - x is +0.
    const Integers above = hn::BroadcastSignBit(hn::BitCast(integer, parts.remainder));
    return hn::Add(hn::BitCast(integer, parts.quotient), above);
  }
};

/// What turns magnitudes of elements into members, with the signs of what was rounded.
class ElementScaler {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Floats = hwy::HWY_NAMESPACE::Vec<Tag>;

  explicit ElementScaler(const ScaledRounding& rounding)
      : zero_(set(rounding.grid.has_negative_zero ? -0.0F : 0.0F)),
        largest_usual_(set(std::isfinite(rounding.infinite) ? std::numeric_limits<float>::infinity()
                                                            : std::numeric_limits<float>::max())),
        special_factor_(set(std::isnan(rounding.infinite) ? 0.0F : 1.0F)) {}

  HWY_INLINE Floats operator()(Floats x, Floats element, Floats scale) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Floats sign = hn::And(x, hn::SignBit(Tag()));
    const Floats member = hn::Or(hn::Mul(element, scale), sign);
    // NaN stays NaN. An infinity saturates, stays one, or times zero becomes NaN.
    const auto usual = hn::Le(hn::Abs(x), largest_usual_);
    const Floats result = hn::IfThenElse(usual, member, hn::Mul(x, special_factor_));
    return hn::Add(result, zero_);
  }

 private:
  static Floats set(float value) { return hwy::HWY_NAMESPACE::Set(Tag(), value); }

  Floats zero_;
  Floats largest_usual_;
  Floats special_factor_;
};

/// To nearest, ties to even.
template <typename Quotient>
class NearestScaledRounder {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Floats = hwy::HWY_NAMESPACE::Vec<Tag>;

  explicit NearestScaledRounder(const ScaledRounding& rounding)
      : scaler_(rounding),
        min_power_(set(power_of_two(rounding.grid.min_exponent))),
        addend_factor_(set(power_of_two(23 - rounding.grid.fraction_bits))),
        max_finite_(set(rounding.grid.max_positive)) {}

  /// As GridRounder does, on magnitudes that cannot overflow.
  HWY_INLINE Floats operator()(Floats x, const LaneScales& scales) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Floats quotient = Quotient::of(hn::Abs(x), scales);
    const Floats power = hn::Max(hn::And(quotient, hn::Inf(Tag())), min_power_);
    const Floats addend = hn::Mul(power, addend_factor_);
    const Floats element = hn::Sub(hn::Add(quotient, addend), addend);
    return scaler_(x, hn::Min(element, max_finite_), scales.scale);
  }

 private:
  static Floats set(double value) {
    return hwy::HWY_NAMESPACE::Set(Tag(), static_cast<float>(value));
  }

  ElementScaler scaler_;
  Floats min_power_;
  Floats addend_factor_;
  Floats max_finite_;
};

/// Stochastic, by the upper halves of the words.
template <typename Quotient>
class StochasticScaledRounder {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Floats = hwy::HWY_NAMESPACE::Vec<Tag>;
  using Rounder = StochasticRounder<true, true>;

  explicit StochasticScaledRounder(const ScaledRounding& rounding)
      : scaler_(rounding),
        rounder_(rounding.grid, rounding.mode, Quotient::kExact),
        max_finite_(
            hwy::HWY_NAMESPACE::Set(Tag(), static_cast<float>(rounding.grid.max_positive))) {}

  HWY_INLINE Rounder::Result operator()(Floats x, const LaneScales& scales,
                                        Rounder::Words word) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToSigned<Tag> integer;
    const Floats quotient = Quotient::cut(hn::Abs(x), scales);
    const Rounder::Magnitude rounded =
        rounder_.round_magnitude(hn::BitCast(integer, quotient), word);
    const Floats element = hn::BitCast(Tag(), rounded.code);
    return {scaler_(x, hn::Min(element, max_finite_), scales.scale), rounded.undecided};
  }

 private:
  ElementScaler scaler_;
  Rounder rounder_;
  Floats max_finite_;
};

/// Every mode, in binary64: a quotient of two binary32 numbers that is no tie is not rounded to
/// one: ties have at most 25 bits, and the quotient differs from them by more than the last of 53.
template <Rounding kRounding>
class WideScaledRounder {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Floats = hwy::HWY_NAMESPACE::Vec<Tag>;

  explicit WideScaledRounder(const ScaledRounding& rounding)
      : rounder_(rounding.grid, rounding.mode),
        infinite_(hwy::HWY_NAMESPACE::Set(Wide(), static_cast<double>(rounding.infinite))) {}

  HWY_INLINE Floats operator()(Floats x, Floats scale, const std::uint32_t* words) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::Half<Tag> half;
    const auto low = round_half(hn::LowerHalf(half, x), hn::LowerHalf(half, scale), words);
    const auto high =
        round_half(hn::UpperHalf(half, x), hn::UpperHalf(half, scale), words + hn::Lanes(Wide()));
    return hn::Combine(Tag(), high, low);
  }

 private:
  using Wide = hwy::HWY_NAMESPACE::ScalableTag<double>;
  using Narrow = hwy::HWY_NAMESPACE::Vec<hwy::HWY_NAMESPACE::Half<Tag>>;

  HWY_INLINE Narrow round_half(Narrow x, Narrow scale, const std::uint32_t* words) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Wide d;
    const hn::ScalableTag<std::uint64_t> wide_words;
    const hn::Rebind<std::uint32_t, decltype(wide_words)> narrow_words;
    const auto value = hn::PromoteTo(d, x);
    const auto factor = hn::PromoteTo(d, scale);
    const auto random = hn::PromoteTo(wide_words, hn::LoadU(narrow_words, words));
    const auto element = rounder_(hn::Div(value, factor), random);
    const auto infinite = hn::CopySignToAbs(infinite_, value);
    const auto member = hn::Mul(hn::IfThenElse(hn::IsInf(value), infinite, element), factor);
    return hn::DemoteTo(hn::Half<Tag>(), member);
  }

  GridRounder<double, kRounding> rounder_;
  hwy::HWY_NAMESPACE::Vec<Wide> infinite_;
};

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // MANTISSA_NUMERIC_SCALED_ROUNDER_INL_H_
