// Sums rounded to posits on binary32 lanes.

#include <algorithm>
#include <limits>
#include <type_traits>
#include <variant>

#include "kernels/microkernel.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_posit.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"
#include "kernels/sum_to_odd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
using IntegerTag = hn::RebindToSigned<Tag>;
using Integers = hn::Vec<IntegerTag>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

HWY_INLINE Integers set(std::int32_t value) {
  return hn::Set(IntegerTag(), value);
}

HWY_INLINE Integers with_sign(Integers magnitude, Integers bits) {
#if HWY_TARGET <= HWY_AVX3
  constexpr int kOrAnd = 0xF8;  // magnitude | (sign bit & bits)
  return Integers{_mm512_ternarylogic_epi32(
      magnitude.raw, _mm512_set1_epi32(std::numeric_limits<std::int32_t>::min()), bits.raw,
      kOrAnd)};
#else
  return hn::Or(magnitude, hn::And(bits, set(std::numeric_limits<std::int32_t>::min())));
#endif
}

/// Rounding to the nearest posit, ties to the even code.
///
/// Behind its exponent bits a posit has those of the regime, in unary: the code of a binary32
/// magnitude, less the bias, has the regime as an integer k in front, and behind it the same
/// exponent and fraction bits as the posit's code, of which only so many are kept as the regime
/// leaves.
template <bool kTable, bool kFinite>
class PositRounding {
 public:
  HWY_INLINE explicit PositRounding(const RoundingPosit& rounding)
      : bias_(set(rounding.bias)),
        largest_(set(rounding.largest)),
        smallest_(set(rounding.smallest)),
        regime_shift_(rounding.regime_shift),
        regime_offset_(set(rounding.regime_offset)),
        dropped_(set(rounding.dropped_bits)) {
#if HWY_TARGET <= HWY_AVX3
    if constexpr (kTable) {
      low_masks_ = _mm512_loadu_si512(rounding.masks);
      high_masks_ = _mm512_loadu_si512(rounding.masks + 16);
    }
#endif
  }

  /// `value` is exact or rounded to odd.
  HWY_INLINE Floats round(Floats value) const {
    const IntegerTag d;
    const Integers bits = hn::BitCast(d, value);
    const Integers magnitude = hn::And(bits, set(std::numeric_limits<std::int32_t>::max()));
    const Integers code = hn::Max(hn::Min(hn::Sub(magnitude, bias_), largest_), smallest_);
    const Integers mask = dropped_mask(code);
    const auto odd = hn::Ne(hn::And(code, hn::Add(mask, set(1))), hn::Zero(d));
    const Integers half = hn::Add(code, hn::ShiftRight<1>(mask));
    const Integers carried = hn::IfThenElse(odd, hn::Add(half, set(1)), half);
    const Integers rounded = hn::Add(hn::AndNot(mask, carried), bias_);
    const auto not_zero = hn::Ne(magnitude, hn::Zero(d));
    const Integers result = hn::IfThenElseZero(not_zero, with_sign(rounded, bits));
    if constexpr (kFinite) return hn::BitCast(Tag(), result);
    // Of infinities and NaN: NaN.
    const auto special = hn::Gt(magnitude, set(0x7F7FFFFF));
    return hn::BitCast(Tag(), hn::IfThenElse(special, set(0x7FC00000), result));
  }

 private:
  HWY_INLINE Integers dropped_mask(Integers code) const {
    const Integers regime = hn::ShiftRightSame(code, regime_shift_);
#if HWY_TARGET <= HWY_AVX3
    if constexpr (kTable) {
      // The instruction takes the last five bits of the index.
      return Integers{_mm512_permutex2var_epi32(low_masks_, regime.raw, high_masks_)};
    }
#endif
    // Of k and -1 - k, the one that is not negative: the regime has two bits more than that.
    const Integers k = hn::Sub(regime, regime_offset_);
    const Integers length = hn::Xor(k, hn::BroadcastSignBit(k));
    const Integers count = hn::Min(hn::Add(length, dropped_), set(regime_shift_));
    return hn::Sub(hn::Shl(set(1), count), set(1));
  }

  Integers bias_;
  Integers largest_;
  Integers smallest_;
  int regime_shift_;
  Integers regime_offset_;
  Integers dropped_;
#if HWY_TARGET <= HWY_AVX3
  __m512i low_masks_;
  __m512i high_masks_;
#endif
};

template <bool kRoundsProduct, bool kTable, bool kFinite>
using Step = StepToOdd<kRoundsProduct, PositRounding<kTable, kFinite>>;

}  // namespace

void multiply_posits(const Tile& tile, const PlanPosit& plan) {
  const auto with_step = [&](const auto& step) HWY_ATTR {
    with_layout(tile.layout, MultiplyColumns<std::decay_t<decltype(step)>>{step, tile});
  };
  if (plan.rounds_product) {
    plan.table ? with_step(Step<true, true, false>(plan))
               : with_step(Step<true, false, false>(plan));
  } else if (plan.table && plan.finite) {
    with_step(Step<false, true, true>(plan));
  } else {
    plan.table ? with_step(Step<false, true, false>(plan))
               : with_step(Step<false, false, false>(plan));
  }
}

void add_posits(const Tile& tile, const PlanPosit& plan) {
  add_by(Step<false, false, false>(plan), tile);
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(multiply_posits);
HWY_EXPORT(add_posits);

namespace {

constexpr int kSignificand32 = 24;

const PositFormat* as_posit(const Quantization& quantization) {
  return std::get_if<PositFormat>(&quantization.format.parameters());
}

/// What lies below the last place kept must have two bits at least, for a sum rounded to odd.
bool plan_rounding(const Quantization& quantization, RoundingPosit& rounding) {
  const PositFormat* format = as_posit(quantization);
  if (format == nullptr || quantization.rounding.rounding != Rounding::nearest_even) return false;
  const int exponent_bits = format->exponent_bits;
  rounding.regime_shift = 23 + exponent_bits;
  rounding.dropped_bits = 23 - format->fraction_bits(0);
  // Where a posit is nothing but sign and regime, its code is even or odd as N - 1 + k is; the code
  // here must be so too.
  rounding.regime_offset = format->bits % 2 == 0 ? 1 : 0;
  const std::int32_t offset = rounding.regime_offset << rounding.regime_shift;
  constexpr std::int32_t kBias = 127;
  rounding.bias = (kBias << 23) - offset;
  rounding.largest = (format->max_exponent() << 23) + offset;
  rounding.smallest = (-format->max_exponent() * (1 << 23)) + offset;
  for (int k = 2 - format->bits; k <= format->bits - 2 && k < 16; ++k) {
    const int length = k >= 0 ? k : -1 - k;
    const int dropped = std::min(length + rounding.dropped_bits, rounding.regime_shift);
    rounding.masks[(k + rounding.regime_offset) & 31] = (1 << dropped) - 1;
  }
  return rounding.dropped_bits >= 2;
}

}  // namespace

bool plan_posits(const Mac& mac, bool products_are_exact, bool finite, PlanPosit& plan) {
  if (!products_are_exact && !rounds_any_product_to_odd()) return false;
  plan.rounds_product = mac.rounds_product;
  plan.finite = finite;
  if (mac.rounds_product && !plan_rounding(mac.product, plan.product)) return false;
  if (!plan_rounding(mac.accumulator, plan.sum)) return false;
  // Regimes from -15 to 15 have places in a table of 32.
  constexpr int kMostBits = 16;
  const auto small = [](const Quantization& q) { return as_posit(q)->bits <= kMostBits; };
  plan.table = small(mac.accumulator) && (!mac.rounds_product || small(mac.product));
  return true;
}

void multiply_posit(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(multiply_posits)(tile, self.posit);
}

void add_posit(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(add_posits)(tile, self.posit);
}

}  // namespace mantissa
#endif
