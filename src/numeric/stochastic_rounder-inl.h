// Stochastic rounding of vectors of binary32 values by the upper halves of their words. Included
// once for each target.

#if defined(MANTISSA_NUMERIC_STOCHASTIC_ROUNDER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_STOCHASTIC_ROUNDER_INL_H_
#undef MANTISSA_NUMERIC_STOCHASTIC_ROUNDER_INL_H_
#else
#define MANTISSA_NUMERIC_STOCHASTIC_ROUNDER_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "numeric/rounding.h"
#include "numeric/rounding_grid.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {

/// Rounds on the binary32 code: to the bits to drop, seen as an integer d of s bits, the complement
/// of the word's first s bits is added, which carries where d exceeds them.
///
/// Below the grid's smallest normal number, 2^e, it is 2^e that is added first, without rounding
/// up: the sum then has the binade of 2^e, in which the code's last bits are those below the
/// quantum. The bits that this loses, and those of the word behind its upper half, decide only
/// where all that are at hand are equal. There, once in thousands of elements, the result is not
/// used: `undecided`.
///
/// `kOneThreshold` gives vectors up as undecided that are not, where all of the few bits dropped
/// from normal numbers are known: for formats that drop many it saves an instruction.
template <bool kSubnormals, bool kOneThreshold = false>
class StochasticRounder {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Vector = hwy::HWY_NAMESPACE::Vec<Tag>;
  using Integer = hwy::HWY_NAMESPACE::RebindToSigned<Tag>;
  using Integers = hwy::HWY_NAMESPACE::Vec<Integer>;
  using Unsigned = hwy::HWY_NAMESPACE::RebindToUnsigned<Tag>;
  using Words = hwy::HWY_NAMESPACE::Vec<Unsigned>;
  using Mask = hwy::HWY_NAMESPACE::Mask<Integer>;

  static constexpr int kCarrierFraction = 23;
  static constexpr int kKnownBits = 16;  ///< of each word

  struct Result {
    Vector rounded;
    Mask undecided;
  };
  struct Magnitude {
    Integers code;  ///< not bounded yet
    Mask undecided;
  };

  /// Without subnormals those of the grid must be those of binary32.
  static bool has_subnormals(const RoundingGrid& grid) {
    constexpr int kCarrierMinExponent = -126;
    return grid.min_exponent > kCarrierMinExponent;
  }

  /// The grid is one of `can_round_codes`.
  /// `exact`: what is rounded has no bits but its own; else it was cut toward zero.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): vectors, which the body sets
  StochasticRounder(const RoundingGrid& grid, RoundingMode mode, bool exact = true)
      : dropped_bits_(kCarrierFraction - grid.fraction_bits),
        dropped_(set((1 << dropped_bits_) - 1)),
        first_normal_(
            hwy::HWY_NAMESPACE::Set(Tag(), static_cast<float>(power_of_two(grid.min_exponent)))),
        max_finite_(code(grid.max_positive)),
        overflow_(code(grid.overflow_positive)),
        min_magnitude_minus_one_(hwy::HWY_NAMESPACE::Sub(code(grid.min_magnitude), set(1))),
        zero_(hwy::HWY_NAMESPACE::Set(Tag(), grid.has_negative_zero ? -0.0F : 0.0F)) {
    const int asked = random_bits_of(mode);
    const int known = std::min({kKnownBits, asked, dropped_bits_});
    const std::int32_t compared = ((1 << known) - 1) << (dropped_bits_ - known);
    constexpr std::int32_t kNever = 0x7FFFFFFF;
    compared_ = set(compared);
    decided_subnormal_ = set(known == asked ? kNever : compared - 1);
    decided_ = exact && known == dropped_bits_ ? set(kNever) : decided_subnormal_;
  }

  HWY_INLINE Result operator()(Vector x, Words word) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Integers x_code = hn::BitCast(Integer(), x);
    const Magnitude magnitude = round_magnitude(hn::And(x_code, set(0x7FFFFFFF)), word);
    Integers r =
        hn::IfThenElseZero(hn::Gt(magnitude.code, min_magnitude_minus_one_), magnitude.code);
    r = hn::IfThenElse(hn::Gt(r, max_finite_), overflow_, r);
    const Integers sign = hn::AndNot(set(0x7FFFFFFF), x_code);
    const Vector rounded = hn::BitCast(Tag(), hn::Or(r, sign));
    // Adding -0 changes nothing; adding +0 turns -0 into +0. Both make a signalling NaN quiet.
    return {hn::Add(hn::IfThenElse(hn::IsNaN(x), x, rounded), zero_), magnitude.undecided};
  }

  /// Rounds the codes of magnitudes, as if there were no largest one.
  HWY_INLINE Magnitude round_magnitude(Integers a, Words word) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Integer integer;
    const auto subnormal = hn::Lt(a, hn::BitCast(integer, first_normal_));
    Integers shifted = a;
    if constexpr (kSubnormals) shifted = add_first_normal(a, subnormal);
    const Words first_bits = hn::ShiftRightSame(word, 32 - dropped_bits_);
    const Integers complement = hn::AndNot(hn::BitCast(integer, first_bits), compared_);
    const Integers carried = hn::Add(shifted, complement);
    const Integers rest = hn::And(carried, dropped_);
    Integers r = hn::AndNot(dropped_, carried);
    Integers decided = decided_;
    if constexpr (kSubnormals) {
      const Vector moved_back = hn::Sub(hn::BitCast(Tag(), r), first_normal_);
      r = hn::IfThenElse(subnormal, hn::BitCast(integer, moved_back), r);
      if constexpr (kOneThreshold) {
        decided = decided_subnormal_;
      } else {
        decided = hn::IfThenElse(subnormal, decided_subnormal_, decided);
      }
    }
    return {r, hn::Gt(rest, decided)};
  }

 private:
  static Integers set(std::int32_t value) { return hwy::HWY_NAMESPACE::Set(Integer(), value); }
  static Integers code(double value) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::BitCast(Integer(), hn::Set(Tag(), static_cast<float>(value)));
  }

  /// a + 2^e, rounded toward zero, in the lanes of `subnormal`.
  HWY_INLINE Integers add_first_normal(Integers a, Mask subnormal) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Integer integer;
    const Vector magnitude = hn::BitCast(Tag(), a);
#if HWY_TARGET == HWY_AVX3
    const Vector sum{_mm512_mask_add_round_ps(magnitude.raw, subnormal.raw, magnitude.raw,
                                              first_normal_.raw,
                                              _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)};
    return hn::BitCast(integer, sum);
#else
    const Vector nearest = hn::Add(magnitude, first_normal_);
    const auto above =
        hn::Gt(hn::Sub(nearest, first_normal_), magnitude);  // the difference is exact
    const Integers minus_one = hn::VecFromMask(integer, hn::RebindMask(integer, above));
    return hn::IfThenElse(subnormal, hn::Add(hn::BitCast(integer, nearest), minus_one), a);
#endif
  }

  int dropped_bits_;
  Integers dropped_;
  Integers compared_;           ///< the first dropped bits, as many as there are known ones
  Integers decided_;            ///< larger rests need more bits
  Integers decided_subnormal_;  ///< the same below the smallest normal number
  Vector first_normal_;
  Integers max_finite_;
  Integers overflow_;
  Integers min_magnitude_minus_one_;
  Vector zero_;
};

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // MANTISSA_NUMERIC_STOCHASTIC_ROUNDER_INL_H_
