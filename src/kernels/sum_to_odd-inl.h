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

/// left * right + sum, rounded to odd, where the product is exact.
template <class Tag>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<Tag> multiply_add_to_odd(Tag tag,
                                                            hwy::HWY_NAMESPACE::Vec<Tag> left,
                                                            hwy::HWY_NAMESPACE::Vec<Tag> right,
                                                            hwy::HWY_NAMESPACE::Vec<Tag> sum) {
  return add_to_odd(tag, sum, hwy::HWY_NAMESPACE::Mul(left, right));
}

/// left * right, rounded to odd: here the product must be exact.
template <class Tag>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<Tag> multiply_to_odd(Tag /*tag*/,
                                                        hwy::HWY_NAMESPACE::Vec<Tag> left,
                                                        hwy::HWY_NAMESPACE::Vec<Tag> right) {
  return hwy::HWY_NAMESPACE::Mul(left, right);
}

#if HWY_TARGET <= HWY_AVX3

// Instructions that carry their rounding: of the results rounded down and up, which are neighbours
// or the same, the one whose last bit is set; of two zeros the positive one, unless both are
// negative. Here products need not be exact.

constexpr int kDown = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
constexpr int kUp = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
using Floats512 = hwy::HWY_NAMESPACE::Vec512<float>;
using Doubles512 = hwy::HWY_NAMESPACE::Vec512<double>;

HWY_INLINE Floats512 odd_of(__m512 down, __m512 up) {
  const __mmask16 odd = _mm512_test_epi32_mask(_mm512_castps_si512(down), _mm512_set1_epi32(1));
  return Floats512{_mm512_mask_mov_ps(up, odd, down)};
}
HWY_INLINE Doubles512 odd_of(__m512d down, __m512d up) {
  const __mmask8 odd = _mm512_test_epi64_mask(_mm512_castpd_si512(down), _mm512_set1_epi64(1));
  return Doubles512{_mm512_mask_mov_pd(up, odd, down)};
}

HWY_INLINE Floats512 add_to_odd(hwy::HWY_NAMESPACE::ScalableTag<float> /*tag*/, Floats512 a,
                                Floats512 b) {
  return odd_of(_mm512_add_round_ps(a.raw, b.raw, kDown), _mm512_add_round_ps(a.raw, b.raw, kUp));
}
HWY_INLINE Doubles512 add_to_odd(hwy::HWY_NAMESPACE::ScalableTag<double> /*tag*/, Doubles512 a,
                                 Doubles512 b) {
  return odd_of(_mm512_add_round_pd(a.raw, b.raw, kDown), _mm512_add_round_pd(a.raw, b.raw, kUp));
}
HWY_INLINE Floats512 multiply_add_to_odd(hwy::HWY_NAMESPACE::ScalableTag<float> /*tag*/,
                                         Floats512 left, Floats512 right, Floats512 sum) {
  return odd_of(_mm512_fmadd_round_ps(left.raw, right.raw, sum.raw, kDown),
                _mm512_fmadd_round_ps(left.raw, right.raw, sum.raw, kUp));
}
HWY_INLINE Floats512 multiply_to_odd(hwy::HWY_NAMESPACE::ScalableTag<float> /*tag*/, Floats512 left,
                                     Floats512 right) {
  return odd_of(_mm512_mul_round_ps(left.raw, right.raw, kDown),
                _mm512_mul_round_ps(left.raw, right.raw, kUp));
}

#endif

/// Whether `multiply_add_to_odd` and `multiply_to_odd` take any binary32 factors.
inline constexpr bool kMultipliesToOdd = HWY_TARGET <= HWY_AVX3;

/// One step of a chain whose sums, and products if `kRoundsProduct`, are rounded to odd, then by
/// `Rounding`, which is made from the plan's constants of each.
template <bool kRoundsProduct, class Rounding>
class StepToOdd {
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using Floats = hwy::HWY_NAMESPACE::Vec<Tag>;

 public:
  template <class Plan>
  HWY_INLINE explicit StepToOdd(const Plan& plan) : product_(plan.product), sum_(plan.sum) {}

  HWY_INLINE Floats operator()(Floats sum, Floats left, Floats right) const {
    if constexpr (kRoundsProduct) {
      const Floats product = product_.round(multiply_to_odd(Tag(), left, right));
      return sum_.round(add_to_odd(Tag(), sum, product));
    }
    return sum_.round(multiply_add_to_odd(Tag(), left, right, sum));
  }

 private:
  Rounding product_;
  Rounding sum_;
};

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
