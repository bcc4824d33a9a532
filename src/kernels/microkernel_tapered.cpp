// Sums rounded to formats whose precision changes with the exponent (posits, linear takums, unums)
// on binary32 lanes: a table in registers has, for each exponent, the number whose last place is
// the distance of members there, and adding and subtracting it leaves the adder to round.
//
// The table has 64 exponents, more than most chains meet. Where it has none, its entry is NaN,
// which stays in the sum: such tiles are begun again by a kernel that serves any chain.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/microkernel_elements.h"
#include "kernels/microkernel_plan.h"
#include "numeric/binade_table.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_tapered.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"
#include "kernels/sum_to_odd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
constexpr int kLanes = 16;
static_assert(hn::MaxLanes(Tag()) == kLanes);

/// Rounding of a number that is exact or rounded to odd.
class TaperedRounding {
 public:
  HWY_INLINE explicit TaperedRounding(const TaperedAnchors& anchors)
      : first_(_mm512_load_si512(anchors.upper_halves)),
        second_(_mm512_load_si512(anchors.upper_halves + 32)) {}

  HWY_INLINE Floats round(Floats value) const {
    // The last six bits of the exponent choose the upper half of a lane.
    constexpr int kToUpperHalf = 7;
    constexpr __mmask32 kUpperHalves = 0xAAAAAAAA;
    const __m512i index = _mm512_srli_epi32(_mm512_castps_si512(value.raw), kToUpperHalf);
    const Floats anchor{
        _mm512_castsi512_ps(_mm512_maskz_permutex2var_epi16(kUpperHalves, first_, index, second_))};
    return hn::Sub(hn::Add(value, anchor), anchor);
  }

 private:
  __m512i first_;
  __m512i second_;
};

template <bool kRoundsProduct>
using Step = StepToOdd<kRoundsProduct, TaperedRounding>;

/// Whether `holds(vector)` is so in all elements of a tile in use.
template <class Holds>
bool holds_everywhere(const Tile& tile, const Holds& holds) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; column += kLanes) {
      const Floats sums = hn::LoadU(Tag(), tile.sums + row * kColumns + column);
      const auto used = static_cast<std::size_t>(tile.columns - column);
      const auto wrong = hn::AndNot(holds(sums), hn::FirstN(Tag(), used));
      if (!hn::AllFalse(Tag(), wrong)) return false;
    }
  }
  return true;
}

/// The sums so far are multiples of the quantum and below the end of the table, as are all that
/// follow. None is -0, which only another -0 would leave what it is.
bool may_begin(const Tile& tile, const PlanTapered& plan) {
  const Floats scale = hn::Set(Tag(), plan.to_quanta);
  const Floats end = hn::Set(Tag(), plan.end_in_quanta);
  return holds_everywhere(tile, [&](Floats sums) HWY_ATTR {
    const Floats quanta = hn::Mul(sums, scale);
    const auto inside = hn::And(hn::Eq(hn::Trunc(quanta), quanta), hn::Lt(hn::Abs(quanta), end));
    const hn::RebindToSigned<Tag> bits;
    const auto lowest = hn::Set(bits, std::numeric_limits<std::int32_t>::min());
    return hn::And(inside, hn::RebindMask(Tag(), hn::Ne(hn::BitCast(bits, sums), lowest)));
  });
}

#endif

}  // namespace

/// False where a chain has met what the table does not hold; then the sums are lost.
bool multiply_tapered([[maybe_unused]] const Tile& tile, [[maybe_unused]] const PlanTapered& plan) {
#if HWY_TARGET == HWY_AVX3
  if (!may_begin(tile, plan)) return false;
  const auto with_step = [&](const auto& step) HWY_ATTR {
    with_layout(tile.layout, MultiplyColumns<std::decay_t<decltype(step)>>{step, tile});
  };
  plan.rounds_product ? with_step(Step<true>(plan)) : with_step(Step<false>(plan));
  return holds_everywhere(tile, [](Floats sums) HWY_ATTR { return hn::IsFinite(sums); });
#else
  return false;
#endif
}

bool has_tapered() {
  return HWY_TARGET == HWY_AVX3;
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(multiply_tapered);
HWY_EXPORT(has_tapered);

namespace {

constexpr int kFractionBits = 23;
constexpr int kBias = 127;
constexpr std::uint16_t kUpperHalfOfNan = 0x7FC0;

/// Exponents of the table.
constexpr int kExponents = 64;

/// Fills the anchors of the exponents [lowest, end) of a format, as far as members are equally far
/// apart there and nothing overflows. False if zero, which takes the first entry, has no number.
bool plan_anchors(const Format& format, int lowest, int end, TaperedAnchors& anchors) {
  const std::shared_ptr<const BinadeTable> table = binade_table(format, RoundingMode{});
  std::fill_n(anchors.upper_halves, kExponents, kUpperHalfOfNan);
  const int last = std::min(end, (table->largest >> kFractionBits) - kBias);
  for (int exponent = lowest; exponent < last; ++exponent) {
    const int binade = exponent + kBias;
    const int entry = table->entry(static_cast<std::size_t>(binade));
    const int dropped = entry & BinadeTable::kDroppedBits;
    // With a fraction bit the even code is the even multiple, as the adder takes it; and two bits
    // more at least are those of a number rounded to odd.
    const bool even = (entry & BinadeTable::kHasTwoResults) == 0 && dropped < kFractionBits;
    if (!even || dropped < 2 || exponent + dropped >= kBias) continue;
    const float anchor = std::ldexp(1.5F, exponent + dropped);
    anchors.upper_halves[binade % kExponents] =
        static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(anchor) >> 16);
  }
  return anchors.upper_halves[0] != kUpperHalfOfNan;
}

/// Whether the anchors hold for three quarters of the exponents [lowest, end): each product is
/// rounded by itself, and where many have no anchor, most tiles would begin twice.
bool hold_for_most(const TaperedAnchors& anchors, int lowest, int end) {
  int missing = 0;
  for (int exponent = lowest; exponent < end; ++exponent) {
    const int place = (exponent + kBias) % kExponents;
    if (anchors.upper_halves[place] == kUpperHalfOfNan) ++missing;
  }
  return 4 * missing <= end - lowest;
}

bool is_rounded_here(const Quantization& quantization) {
  return nearest_even(quantization) && is_tapered(quantization.format);
}

}  // namespace

bool plan_tapered(const Mac& mac, const ProductFacts& product, PlanTapered& plan) {
  if (!HWY_DYNAMIC_DISPATCH(has_tapered)() || !is_rounded_here(mac.accumulator)) return false;
  if (mac.rounds_product && !is_rounded_here(mac.product)) return false;
  const int lowest = product.lowest_exponent;
  // Of numbers below the end, the next sum is still within the table.
  const int end = lowest + kExponents - 2;
  const int highest = product.bound > 0 ? std::ilogb(product.bound) + 1 : lowest;
  if (lowest <= -kBias || lowest > 0 || highest >= end) return false;
  plan.rounds_product = mac.rounds_product;
  plan.to_quanta = std::ldexp(1.0F, -lowest);
  plan.end_in_quanta = std::ldexp(1.0F, kExponents - 2);
  if (mac.rounds_product && !(plan_anchors(mac.product.format, lowest, end, plan.product) &&
                              hold_for_most(plan.product, lowest, highest))) {
    return false;
  }
  return plan_anchors(mac.accumulator.format, lowest, end, plan.sum);
}

void multiply_tapered_sums(const Tile& tile, const Accumulation& self) {
  // Of a part that is begun again little is lost.
  constexpr int kPart = 16;
  std::array<std::array<float, kPart>, kTileRows> before{};
  const auto sums_of = [](const Tile& part, int row) { return part.sums + row * tile_columns(); };
  for (int column = 0; column < tile.columns; column += kPart) {
    const Tile part = tile.from_column(column, kPart);
    for (int row = 0; row < tile.rows; ++row) {
      std::copy_n(sums_of(part, row), kPart, before[row].begin());
    }
    if (HWY_DYNAMIC_DISPATCH(multiply_tapered)(part, self.tapered)) continue;
    for (int row = 0; row < tile.rows; ++row) {
      std::copy_n(before[row].begin(), kPart, sums_of(part, row));
    }
    self.multiply_any(part, self);
  }
}

}  // namespace mantissa
#endif
