// Rounding binary32 lanes to a float or to fixed point, to nearest even: included once per
// instruction set.

#if defined(MANTISSA_KERNELS_ROUNDING32_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_KERNELS_ROUNDING32_INL_H_
#undef MANTISSA_KERNELS_ROUNDING32_INL_H_
#else
#define MANTISSA_KERNELS_ROUNDING32_INL_H_
#endif

#include <limits>

#include <hwy/highway.h>

#include "kernels/microkernel.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
using BitsTag = hn::RebindToUnsigned<Tag>;
using Bits = hn::Vec<BitsTag>;

/// The sign of `value` for a magnitude whose own is +.
HWY_INLINE Floats with_sign(Floats magnitude, Floats value) {
#if HWY_TARGET <= HWY_AVX3
  // magnitude | (sign bit & value), into the register of the magnitude, which is not needed again.
  constexpr int kOrAnd = 0xF8;
  return Floats{_mm512_castsi512_ps(_mm512_ternarylogic_epi32(
      _mm512_castps_si512(magnitude.raw), _mm512_set1_epi32(std::numeric_limits<int>::min()),
      _mm512_castps_si512(value.raw), kOrAnd))};
#else
  return hn::CopySignToAbs(magnitude, value);
#endif
}

/// Rounding to nearest even where nothing overflows and every subnormal value is exact. The power
/// of two takes the value's sign with it. -0 becomes +0.
class PlainRounding {
 public:
  HWY_INLINE explicit PlainRounding(const Rounding32& rounding)
      : exponent_(hn::Set(BitsTag(), 0xFF800000U)),
        shift_(hn::Set(BitsTag(), rounding.exponent_shift)) {}

  HWY_INLINE Floats round(Floats value) const {
    const Bits exponent = hn::And(hn::BitCast(BitsTag(), value), exponent_);
    const Floats power = hn::BitCast(Tag(), hn::Add(exponent, shift_));
    return hn::Sub(hn::Add(value, power), power);
  }

 private:
  Bits exponent_;
  Bits shift_;
};

/// Rounding to nearest even with subnormals, overflow, infinities and NaN.
class FullRounding {
 public:
  HWY_INLINE explicit FullRounding(const Rounding32& rounding)
      : exponent_(hn::Set(BitsTag(), 0x7F800000U)),
        shift_(hn::Set(BitsTag(), rounding.exponent_shift)),
        min_normal_(hn::Set(Tag(), rounding.min_normal)),
        max_finite_(hn::Set(Tag(), rounding.max_finite)),
        overflow_(hn::Set(Tag(), rounding.overflow)) {}

  HWY_INLINE Floats round(Floats value) const {
    const Floats magnitude = hn::Abs(value);
    // A NaN leaves Max as the second operand; it is still in `magnitude`.
    const Floats clamped = hn::Max(magnitude, min_normal_);
    const Bits exponent = hn::And(hn::BitCast(BitsTag(), clamped), exponent_);
    const Floats power = hn::BitCast(Tag(), hn::Add(exponent, shift_));
    const Floats rounded = hn::Sub(hn::Add(magnitude, power), power);
    const Floats bounded = hn::IfThenElse(hn::Gt(rounded, max_finite_), overflow_, rounded);
    return with_sign(bounded, value);
  }

 private:
  Bits exponent_;
  Bits shift_;
  Floats min_normal_;
  Floats max_finite_;
  Floats overflow_;
};

/// The same where nothing overflows and no NaN is met: without the comparison.
class BoundedRounding {
 public:
  HWY_INLINE explicit BoundedRounding(const Rounding32& rounding)
      : shift_(hn::Set(BitsTag(), rounding.exponent_shift)),
        min_normal_(hn::Set(Tag(), rounding.min_normal)) {}

  HWY_INLINE Floats round(Floats value) const {
#if HWY_TARGET <= HWY_AVX3
    // The larger magnitude, with the sign of the value, which the power takes with it; only that of
    // a zero is lost.
    constexpr int kLargerMagnitude = 0b0011;
    const Floats clamped{_mm512_range_ps(value.raw, min_normal_.raw, kLargerMagnitude)};
    const Bits exponent = hn::And(hn::BitCast(BitsTag(), clamped), hn::Set(BitsTag(), 0xFF800000U));
    const Floats power = hn::BitCast(Tag(), hn::Add(exponent, shift_));
    return with_sign(hn::Sub(hn::Add(value, power), power), value);
#else
    const Floats magnitude = hn::Abs(value);
    const Floats clamped = hn::Max(magnitude, min_normal_);
    const Bits exponent = hn::And(hn::BitCast(BitsTag(), clamped), hn::Set(BitsTag(), 0x7F800000U));
    const Floats power = hn::BitCast(Tag(), hn::Add(exponent, shift_));
    return with_sign(hn::Sub(hn::Add(magnitude, power), power), value);
#endif
  }

 private:
  Bits shift_;
  Floats min_normal_;
};

/// Rounding to nearest even to fixed point. The ends are members, so they may come first; Max and
/// Min return their second operand where one is NaN. No zero is negative.
class FixedRounding {
 public:
  HWY_INLINE explicit FixedRounding(const Rounding32& rounding)
      : anchor_(hn::Set(Tag(), rounding.anchor)),
        lowest_(hn::Set(Tag(), rounding.lowest)),
        largest_(hn::Set(Tag(), rounding.max_finite)) {}

  HWY_INLINE Floats round(Floats value) const {
    const Floats inside = hn::Min(largest_, hn::Max(lowest_, value));
    return hn::Sub(hn::Add(inside, anchor_), anchor_);
  }

 private:
  Floats anchor_;
  Floats lowest_;
  Floats largest_;
};

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
