// Rounding vectors of binary32 values to a grid. Included once for each target.
//
// A rounder is an object of a class below: `operator()(x, random)` gives for each lane what
// `round_to_format` gives. `random` holds the words of stochastic rounding and is not looked at
// otherwise.

#if defined(MANTISSA_NUMERIC_ROUNDING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_ROUNDING_INL_H_
#undef MANTISSA_NUMERIC_ROUNDING_INL_H_
#else
#define MANTISSA_NUMERIC_ROUNDING_INL_H_
#endif

#include <cmath>
#include <cstdint>

#include <hwy/highway.h>

#include "numeric/rounding.h"
#include "numeric/rounding_grid.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {

/// What the magnitude of a finite value beyond the limit of its sign becomes.
struct Overflow {
  double positive;
  double negative;
};

inline Overflow finite_overflow(const RoundingGrid& grid, Rounding rounding) {
  const bool positive_inward = rounding == Rounding::toward_zero || rounding == Rounding::to_odd ||
                               rounding == Rounding::down;
  const bool negative_inward =
      rounding == Rounding::toward_zero || rounding == Rounding::to_odd || rounding == Rounding::up;
  return {positive_inward ? grid.max_positive : grid.overflow_positive,
          negative_inward ? grid.max_negative : grid.overflow_negative};
}

/// True where a finite overflow may differ from that of an infinite value.
constexpr bool points_inward(Rounding rounding) {
  return rounding == Rounding::toward_zero || rounding == Rounding::to_odd ||
         rounding == Rounding::up || rounding == Rounding::down;
}

/// Rounds by letting the adder do it: to a magnitude the power of two is added that has the quantum
/// as its last bit's weight (2^23 quanta in binary32), and subtracted again. The sum is rounded to
/// nearest, ties to even, by the machine; the other modes correct it. `Lane` is float or double.
template <typename Lane, Rounding kRounding>
class GridRounder {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<Lane>;
  using Vector = hwy::HWY_NAMESPACE::Vec<Tag>;
  using Unsigned = hwy::HWY_NAMESPACE::RebindToUnsigned<Tag>;
  using Words = hwy::HWY_NAMESPACE::Vec<Unsigned>;

  GridRounder(const RoundingGrid& grid, RoundingMode mode)
      : cut_(set(power_of_two(grid.max_exponent + 1))),
        min_power_(set(power_of_two(grid.min_exponent))),
        addend_factor_(set(power_of_two(kLaneFraction - grid.fraction_bits))),
        max_positive_(set(grid.max_positive)),
        max_negative_(set(grid.max_negative)),
        overflow_positive_(set(finite_overflow(grid, kRounding).positive)),
        overflow_negative_(set(finite_overflow(grid, kRounding).negative)),
        infinite_positive_(set(grid.overflow_positive)),
        infinite_negative_(set(grid.overflow_negative)),
        min_magnitude_(set(grid.min_magnitude)),
        zero_(set(grid.has_negative_zero ? -0.0 : 0.0)),
        unused_random_bits_(hwy::HWY_NAMESPACE::Set(Unsigned(), unused_random_bits(mode))) {}

  HWY_INLINE Vector operator()(Vector x, Words random) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Tag tag;
    const Vector magnitude = hn::Abs(x);
    const Vector a = hn::Min(magnitude, cut_);
    const Vector infinity = hn::Inf(tag);  // also the mask of the exponent
    const Vector power = hn::Max(hn::And(a, infinity), min_power_);
    const Vector addend = hn::Mul(power, addend_factor_);
    Vector r = hn::Sub(hn::Add(a, addend), addend);
    if constexpr (kRounding != Rounding::nearest_even) r = correct(x, a, addend, r, random);
    r = hn::IfThenElseZero(hn::Ge(r, min_magnitude_), r);
    const Vector limit = hn::IfNegativeThenElse(x, max_negative_, max_positive_);
    const Vector overflow = hn::IfNegativeThenElse(x, overflow_negative_, overflow_positive_);
    r = hn::IfThenElse(hn::Gt(r, limit), overflow, r);
    if constexpr (points_inward(kRounding)) {
      const Vector infinite = hn::IfNegativeThenElse(x, infinite_negative_, infinite_positive_);
      r = hn::IfThenElse(hn::Eq(magnitude, infinity), infinite, r);
    }
    r = hn::Or(r, hn::And(x, hn::SignBit(tag)));
    r = hn::IfThenElse(hn::IsNaN(x), x, r);
    // Adding -0 changes nothing; adding +0 turns -0 into +0. Both make a signalling NaN quiet.
    return hn::Add(r, zero_);
  }

 private:
  static constexpr int kLaneFraction = sizeof(Lane) == 4 ? 23 : 52;

  static Vector set(double value) {
    return hwy::HWY_NAMESPACE::Set(Tag(), static_cast<Lane>(value));
  }

  /// From the nearest multiple of the quantum to that which the mode asks for.
  HWY_INLINE Vector correct(Vector x, Vector a, Vector addend, Vector nearest, Words random) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Vector quantum = hn::Mul(addend, set(std::ldexp(1.0, -kLaneFraction)));
    const Vector below = hn::Sub(nearest, hn::IfThenElseZero(hn::Gt(nearest, a), quantum));
    if constexpr (kRounding == Rounding::toward_zero) return below;
    const Vector rest = hn::Sub(a, below);  // exact: it has no bits that a has not
    return hn::Add(
        below, hn::IfThenElseZero(rounds_away(x, below, rest, addend, quantum, random), quantum));
  }

  HWY_INLINE hwy::HWY_NAMESPACE::Mask<Tag> rounds_away(Vector x, Vector below, Vector rest,
                                                       Vector addend, Vector quantum,
                                                       Words random) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Tag tag;
    const Vector zero = hn::Zero(tag);
    if constexpr (kRounding == Rounding::nearest_away) {
      return hn::Ge(hn::Add(rest, rest), quantum);
    } else if constexpr (kRounding == Rounding::up) {
      return hn::Gt(hn::CopySignToAbs(rest, x), zero);
    } else if constexpr (kRounding == Rounding::down) {
      return hn::Lt(hn::CopySignToAbs(rest, x), zero);
    } else if constexpr (kRounding == Rounding::to_odd) {
      // The last bit of below + addend is that of below / quantum.
      const Words last_bit =
          hn::And(hn::BitCast(Unsigned(), hn::Add(below, addend)), hn::Set(Unsigned(), 1));
      const auto even = hn::RebindMask(tag, hn::Eq(last_bit, hn::Zero(Unsigned())));
      return hn::And(even, hn::Gt(rest, zero));
    } else {
      return exceeds_random(rest, quantum, hn::Or(random, unused_random_bits_));
    }
  }

  /// random + 1 <= 2^32 * rest / quantum, without rounding.
  static HWY_INLINE hwy::HWY_NAMESPACE::Mask<Tag> exceeds_random(Vector rest, Vector quantum,
                                                                 Words random) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Tag tag;
    const Unsigned bits;
    // Twice the exponent of 1 less that of the quantum: the exponent field of 1 / quantum.
    const Words one_twice = hn::Set(bits, sizeof(Lane) == 4 ? 0x7F000000 : 0x7FE0000000000000);
    const Vector reciprocal = hn::BitCast(tag, hn::Sub(one_twice, hn::BitCast(bits, quantum)));
    const Vector fraction = hn::Mul(rest, reciprocal);
    if constexpr (sizeof(Lane) == 4) {
      // In two halves, since 32 bits do not fit. Where fraction * 2^16 >= high the difference is
      // exact; elsewhere negative.
      const hn::RebindToSigned<Tag> integer;
      const Vector high = hn::ConvertTo(tag, hn::BitCast(integer, hn::ShiftRight<16>(random)));
      const Words low_plus_one = hn::Add(hn::And(random, hn::Set(bits, 0xFFFF)), hn::Set(bits, 1));
      const Vector difference = hn::Sub(hn::Mul(fraction, hn::Set(tag, 0x1p16F)), high);
      return hn::Ge(hn::Mul(difference, hn::Set(tag, 0x1p16F)),
                    hn::ConvertTo(tag, hn::BitCast(integer, low_plus_one)));
    } else {
      // As the last bits of 2^52 a word below 2^52 is that number more.
      const Vector base_plus_word =
          hn::BitCast(tag, hn::Or(random, hn::Set(bits, 0x4330000000000000)));
      return hn::Ge(hn::Mul(fraction, hn::Set(tag, 0x1p32)),
                    hn::Sub(base_plus_word, hn::Set(tag, 0x1p52 - 1)));
    }
  }

  Vector cut_;
  Vector min_power_;
  Vector addend_factor_;
  Vector max_positive_;
  Vector max_negative_;
  Vector overflow_positive_;
  Vector overflow_negative_;
  Vector infinite_positive_;
  Vector infinite_negative_;
  Vector min_magnitude_;
  Vector zero_;
  Words unused_random_bits_;
};

/// Rounds the binary32 code as an integer, for grids whose exponents begin where those of binary32
/// do: the bits to drop are then the same for every magnitude, subnormals included, and a carry out
/// of the fraction is the next exponent.
template <Rounding kRounding>
class BitRounder {
 public:
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Vector = hwy::HWY_NAMESPACE::Vec<Tag>;
  using Integer = hwy::HWY_NAMESPACE::RebindToSigned<Tag>;
  using Integers = hwy::HWY_NAMESPACE::Vec<Integer>;
  using Unsigned = hwy::HWY_NAMESPACE::RebindToUnsigned<Tag>;
  using Words = hwy::HWY_NAMESPACE::Vec<Unsigned>;

  BitRounder(const RoundingGrid& grid, RoundingMode mode)
      : dropped_bits_(23 - grid.fraction_bits),
        dropped_(set((1 << dropped_bits_) - 1)),
        max_positive_(code(grid.max_positive)),
        max_negative_(code(grid.max_negative)),
        overflow_positive_(code(finite_overflow(grid, kRounding).positive)),
        overflow_negative_(code(finite_overflow(grid, kRounding).negative)),
        infinite_positive_(code(grid.overflow_positive)),
        infinite_negative_(code(grid.overflow_negative)),
        min_magnitude_minus_one_(hwy::HWY_NAMESPACE::Sub(code(grid.min_magnitude), set(1))),
        zero_(hwy::HWY_NAMESPACE::Set(Tag(), grid.has_negative_zero ? -0.0F : 0.0F)),
        unused_random_bits_(hwy::HWY_NAMESPACE::Set(Unsigned(), unused_random_bits(mode))) {}

  HWY_INLINE Vector operator()(Vector x, Words random) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Integer integer;
    const Integers x_code = hn::BitCast(integer, x);
    const Integers a = hn::And(x_code, set(0x7FFFFFFF));
    Integers r = hn::AndNot(dropped_, hn::Add(a, carry(x_code, a, random)));
    if constexpr (kRounding == Rounding::to_odd) {
      const Integers inexact =
          hn::VecFromMask(integer, hn::Gt(hn::And(a, dropped_), hn::Zero(integer)));
      r = hn::Or(r, hn::And(inexact, hn::Add(dropped_, set(1))));
    }
    r = hn::IfThenElseZero(hn::Gt(r, min_magnitude_minus_one_), r);
    const Integers limit = hn::IfNegativeThenElse(x_code, max_negative_, max_positive_);
    const Integers overflow =
        hn::IfNegativeThenElse(x_code, overflow_negative_, overflow_positive_);
    r = hn::IfThenElse(hn::Gt(r, limit), overflow, r);
    if constexpr (points_inward(kRounding)) {
      const Integers infinite =
          hn::IfNegativeThenElse(x_code, infinite_negative_, infinite_positive_);
      r = hn::IfThenElse(hn::Eq(a, set(0x7F800000)), infinite, r);
    }
    const Integers sign = hn::AndNot(set(0x7FFFFFFF), x_code);
    const Vector rounded = hn::BitCast(Tag(), hn::Or(r, sign));
    // As in GridRounder.
    return hn::Add(hn::IfThenElse(hn::IsNaN(x), x, rounded), zero_);
  }

 private:
  static Integers set(std::int32_t value) { return hwy::HWY_NAMESPACE::Set(Integer(), value); }
  static Integers code(double value) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::BitCast(Integer(), hn::Set(Tag(), static_cast<float>(value)));
  }

  /// What is added before the low bits are dropped.
  HWY_INLINE Integers carry(Integers x_code, Integers a, Words random) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Integers half_minus_one = hn::ShiftRight<1>(dropped_);
    if constexpr (kRounding == Rounding::nearest_even) {
      const Integers last_bit = hn::And(hn::ShiftRightSame(a, dropped_bits_), set(1));
      return hn::Add(half_minus_one, last_bit);
    } else if constexpr (kRounding == Rounding::nearest_away) {
      return hn::Add(half_minus_one, set(1));
    } else if constexpr (kRounding == Rounding::up) {
      return hn::AndNot(hn::BroadcastSignBit(x_code), dropped_);
    } else if constexpr (kRounding == Rounding::down) {
      return hn::And(hn::BroadcastSignBit(x_code), dropped_);
    } else if constexpr (kRounding == Rounding::stochastic) {
      // The dropped part d of s bits and 2^s - 1 - w carry together if w < d, w being the first s
      // bits of the word.
      const Words word = hn::Or(random, unused_random_bits_);
      return hn::BitCast(Integer(), hn::ShiftRightSame(hn::Not(word), 32 - dropped_bits_));
    } else {
      return hn::Zero(Integer());
    }
  }

  int dropped_bits_;
  Integers dropped_;
  Integers max_positive_;
  Integers max_negative_;
  Integers overflow_positive_;
  Integers overflow_negative_;
  Integers infinite_positive_;
  Integers infinite_negative_;
  Integers min_magnitude_minus_one_;
  Vector zero_;
  Words unused_random_bits_;
};

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // MANTISSA_NUMERIC_ROUNDING_INL_H_
