// Sums rounded to odd: included once per instruction set.

#if defined(MANTISSA_KERNELS_SUM_TO_ODD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_KERNELS_SUM_TO_ODD_INL_H_
#undef MANTISSA_KERNELS_SUM_TO_ODD_INL_H_
#else
#define MANTISSA_KERNELS_SUM_TO_ODD_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

/// a + b, rounded to odd: of the two neighbours of an inexact sum the one whose last bit is set. A
/// second rounding to at least two bits less is then right (Boldo & Melquiond, "Emulation of a FMA
/// and correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on
/// Computers 57(4), 2008).
template <class Tag>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<Tag> add_to_odd(Tag tag, hwy::HWY_NAMESPACE::Vec<Tag> a,
                                                   hwy::HWY_NAMESPACE::Vec<Tag> b) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<Tag> d;
  const auto sum = hn::Add(a, b);
  // The error of the sum, exactly (Knuth's 2Sum). NaN if the sum has overflowed.
  const auto b_part = hn::Sub(sum, a);
  const auto error = hn::Add(hn::Sub(a, hn::Sub(sum, b_part)), hn::Sub(b, b_part));
  const auto sum_bits = hn::BitCast(d, sum);
  const auto one = hn::Set(d, 1);
  // One step in the bits moves away from zero, or toward it where the error's sign differs.
  const auto sign = hn::BroadcastSignBit(hn::Xor(sum_bits, hn::BitCast(d, error)));
  const auto step = hn::Or(sign, one);
  const auto inexact = hn::RebindMask(d, hn::Gt(hn::Abs(error), hn::Zero(tag)));
  const auto even = hn::Eq(hn::And(sum_bits, one), hn::Zero(d));
  const auto moved = hn::IfThenElse(hn::And(inexact, even), hn::Add(sum_bits, step), sum_bits);
  return hn::BitCast(tag, moved);
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
