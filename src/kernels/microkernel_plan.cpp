// Which kernel serves a chain: the cheapest one that is proven, from the accumulator's format and
// from what is true of the operands, to give the bits of `multiply_accumulate`.

#include "kernels/microkernel_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/product_table.h"

namespace mantissa {
namespace {

ProductFacts multiply_facts(const OperandFacts& left, const OperandFacts& right) {
  ProductFacts facts;
  // A power of two adds no bits.
  const int bits = left.significand_bits + right.significand_bits;
  const bool power = std::min(left.significand_bits, right.significand_bits) == 1;
  facts.significand_bits = power ? bits - 1 : bits;
  facts.lowest_exponent = left.lowest_exponent + right.lowest_exponent;
  facts.right_lowest_exponent = right.lowest_exponent;
  facts.bound = static_cast<double>(left.largest) * static_cast<double>(right.largest);
  facts.finite = left.finite && right.finite;
  return facts;
}

/// What is true of the products of the mac's multiplier: of an inexact one next to nothing.
ProductFacts product_facts(const Mac& mac, const OperandFacts& left, const OperandFacts& right) {
  if (mac.multiplier.is_exact()) return multiply_facts(left, right);
  ProductFacts facts;
  facts.significand_bits = 2 * kSignificand32;
  facts.lowest_exponent = 2 * kLowestExponent32;
  facts.bound = std::numeric_limits<double>::infinity();
  return facts;
}

/// Fixed point as a float whose numbers are all subnormal: 30 bits hold any of its magnitudes.
constexpr int kFixedFractionBits = 30;

bool plan_format64(const Format& format, Rounding64& rounding) {
  int fraction_bits = 0;
  if (const FloatFormat* floating = format.as_float()) {
    fraction_bits = floating->fraction_bits;
    rounding.min_normal = floating->min_normal();
    rounding.flush_below = floating->subnormals ? 0 : floating->min_normal();
    rounding.max_positive = rounding.max_negative = floating->max_finite();
  } else if (const FixedFormat* fixed = format.as_fixed()) {
    fraction_bits = kFixedFractionBits;
    rounding.min_normal = std::ldexp(1.0, kFixedFractionBits - fixed->fraction_bits);
    rounding.max_positive = fixed->max_value();
    rounding.max_negative = -fixed->min_value();
  } else {
    return false;
  }
  rounding.exponent_shift = static_cast<std::uint64_t>(52 - fraction_bits) << 52;
  return true;
}

/// Significant bits above the quantum, of the largest value.
int fraction_bits(const Format& format) {
  if (const FloatFormat* floating = format.as_float()) return floating->fraction_bits;
  const FixedFormat* fixed = format.as_fixed();
  return fixed->integer_bits + fixed->fraction_bits - 1;
}

bool plan_rounding64(const Quantization& quantization, Rounding64& rounding) {
  const Format& format = quantization.format;
  const RoundingMode mode = quantization.rounding;
  if (!plan_format64(format, rounding)) return false;
  const auto at = [&](double value) { return std::abs(round_to_format(value, format, mode)); };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  rounding.overflow_positive = at(kInfinity);
  rounding.overflow_negative = at(-kInfinity);
  rounding.beyond_positive = at(4 * rounding.max_positive);
  rounding.beyond_negative = at(-4 * rounding.max_negative);
  rounding.zero_has_sign = std::signbit(round_to_format(-0.0, format, mode)) ? -1 : 0;
  rounding.mode = Mode64::deterministic;
  if (mode.rounding == Rounding::nearest_even) rounding.mode = Mode64::nearest_even;
  if (mode.rounding == Rounding::stochastic) rounding.mode = Mode64::stochastic;
  rounding.to_nearest_even = mode.rounding == Rounding::nearest_even;
  rounding.away_at_half = mode.rounding == Rounding::nearest_away;
  rounding.away_positive = mode.rounding == Rounding::up;
  rounding.away_negative = mode.rounding == Rounding::down;
  rounding.away_if_even = mode.rounding == Rounding::to_odd;
  rounding.down = mode.rounding == Rounding::down;
  rounding.random_bits = mode.random_bits == 0 ? 32 : mode.random_bits;
  return true;
}

/// Sums can be rounded by their bits if no subnormal one is inexact, as it needs rounding at
/// another place, and none that is not zero becomes zero. Rounding down makes -0 of exact sums, and
/// rounding to odd adds no constant.
QuickRounding64 plan_quick(const Mac& mac, const ProductFacts& product, const Rounding64& sum) {
  QuickRounding64 quick;
  const FloatFormat* format = mac.accumulator.format.as_float();
  if (format == nullptr || !product.finite || mac.rounds_product) return quick;
  const int lowest = format->subnormals ? quantum_exponent(*format) : format->min_exponent();
  // One fraction bit at least, so that a NaN is still one with the other bits cleared.
  quick.used = product.lowest_exponent >= lowest && format->fraction_bits >= 1 && !sum.down &&
               !sum.away_if_even;
  const int highest = std::ilogb(format->max_finite() + product.bound) + 1;
  quick.exact_sum = highest - sums_lowest_exponent(*format, product) <= 53;
  const int below = 52 - format->fraction_bits;
  quick.cleared = (std::uint64_t{1} << below) - 1;
  const std::uint64_t half = std::uint64_t{1} << (below - 1);
  if (sum.mode == Mode64::nearest_even) {
    quick.addend_positive = half - 1;
  } else if (sum.mode == Mode64::stochastic) {
    // A word holds its R bits at the top of 32; below them nothing is added.
    quick.random_shift = below - 32;
    const int unused = below - sum.random_bits;
    quick.used = quick.used && quick.random_shift >= 0;
    quick.addend_positive = quick.cleared >> unused << unused;
  } else {
    quick.addend_positive = sum.away_at_half ? half : (sum.away_positive ? quick.cleared : 0);
    quick.addend_negative = sum.away_at_half ? half : 0;
  }
  return quick;
}

bool plan_binary64(const Mac& mac, const ProductFacts& product, Plan64& plan) {
  if (mac.rounds_product && !plan_rounding64(mac.product, plan.product)) return false;
  if (!plan_rounding64(mac.accumulator, plan.sum)) return false;
  plan.quick_sum = plan_quick(mac, product, plan.sum);
  // Of a sum rounded to odd the last of its 53 bits must not be among those that random words
  // decide about.
  return plan.sum.mode != Mode64::stochastic ||
         fraction_bits(mac.accumulator.format) + plan.sum.random_bits <= 51;
}

/// Random bits that are cheap; more are looked at only where these leave the matter open.
constexpr int kCheapRandomBits = 16;

/// The quick rounding of sums, on the bits of a truncated binary32 sum.
StochasticPlan32 plan_stochastic32(const Mac& mac, const ProductFacts& product, std::int64_t depth,
                                   const Plan64& plan64) {
  StochasticPlan32 plan;
  if (!plan64.quick_sum.used || plan64.sum.mode != Mode64::stochastic) return plan;
  const FloatFormat& format = *mac.accumulator.format.as_float();
  // A step moves a sum by less than two units u of the last place: as in `sum_bound`, which does
  // not hold further than this.
  const double u = std::ldexp(2.0, -format.significand_bits());
  const double growth = static_cast<double>(depth) * u;
  const double sums = static_cast<double>(depth) * product.bound * (1 + growth + growth * growth);
  plan.bounded = growth <= 1 && sums <= format.max_finite();
  // The truncation must not end at the largest binary32.
  const bool finite = plan.bounded || format.max_finite() + product.bound <= 0x1p127;
  plan.dropped_bits = kSignificand32 - 1 - format.fraction_bits;
  const int compared = std::min(plan.dropped_bits, kCheapRandomBits);
  const int below = plan.dropped_bits - std::min(compared, plan64.sum.random_bits);
  plan.addend = ((1U << plan.dropped_bits) - 1) >> below << below;
  // Fewer bits would leave too much open.
  constexpr int kFewest = 9;
  plan.open = plan64.sum.random_bits > compared;
  plan.used = finite && (!plan.open || compared >= kFewest);
  plan.max_finite = static_cast<float>(format.max_finite());
  plan.overflow = static_cast<float>(plan64.sum.beyond_positive);
  return plan;
}

Accumulation choose(const Mac& mac, const ProductFacts& product, std::int64_t depth) {
  Accumulation accumulation;
  accumulation.mac = mac;
  if (mac.is_fp32()) {
    accumulation.multiply = multiply_fp32;
    if (has_bfloat16_dot()) accumulation.multiply_pairs = multiply_pairs;
    accumulation.add = add_fp32;
  } else if (!mac.multiplier.is_exact()) {
    accumulation.multiply = multiply_scalar;
  } else if (plan_binary32(mac, product, depth, accumulation.plan32)) {
    accumulation.multiply = multiply_binary32;
    accumulation.add = add_binary32;
  } else if (plan_posits(mac, product.exact_in_binary32(), product.finite, accumulation.posit)) {
    accumulation.multiply = multiply_posit;
    accumulation.add = add_posit;
  } else if (plan_binary64(mac, product, accumulation.plan64)) {
    accumulation.stochastic32 = plan_stochastic32(mac, product, depth, accumulation.plan64);
    accumulation.multiply =
        accumulation.stochastic32.used ? multiply_stochastic : multiply_binary64;
    accumulation.add = add_binary64;
  } else {
    accumulation.multiply = multiply_scalar;
    accumulation.add = add_scalar;
  }
  if (mac.multiplier.is_exact() && plan_tapered(mac, product, accumulation.tapered)) {
    accumulation.multiply_any = std::exchange(accumulation.multiply, multiply_tapered_sums);
  }
  return accumulation;
}

/// What is true of the sums of a chunk of `run` products.
ProductFacts sum_facts(const Mac& mac, const ProductFacts& product, std::int64_t run) {
  ProductFacts facts;
  facts.significand_bits = kSignificand32;
  facts.lowest_exponent = kLowestExponent32;
  facts.bound = static_cast<double>(std::numeric_limits<float>::max());
  const FloatFormat* format = mac.accumulator.format.as_float();
  if (format == nullptr) return facts;
  facts.significand_bits = format->significand_bits();
  facts.lowest_exponent =
      std::max(quantum_exponent(*format), sums_lowest_exponent(*format, product));
  facts.bound = format->max_finite();
  const bool plain = mac.summation == Summation::chain && !mac.rounds_product;
  if (!product.finite || !nearest_even(mac.accumulator) || !plain) return facts;
  const double bound = sum_bound(product.bound, format->significand_bits(), run);
  facts.finite = bound <= format->max_finite();
  if (!facts.finite || bound == 0) return facts;
  facts.bound = bound;
  facts.significand_bits =
      std::clamp(std::ilogb(bound) + 1 - facts.lowest_exponent, 1, facts.significand_bits);
  return facts;
}

/// Proves that the product format holds every product, so that nothing is rounded.
bool holds_products(const Mac& mac, const ProductFacts& product) {
  const FloatFormat* format = mac.product.format.as_float();
  if (format == nullptr || !format->has_negative_zero() || !product.finite) return false;
  const int lowest = format->subnormals ? quantum_exponent(*format) : format->min_exponent();
  return product.significand_bits <= format->significand_bits() &&
         product.lowest_exponent >= lowest && product.bound <= format->max_finite();
}

/// Serves operands of an inexact multiplier by a table of products, if every sum is exact.
void plan_table(Accumulation& accumulation, const ProductFacts& operands, std::int64_t depth) {
  const Mac& mac = accumulation.mac;
  if (mac.multiplier.is_exact() || mac.rounds_product || !operands.finite || !has_byte_lookup()) {
    return;
  }
  std::shared_ptr<const ProductTable> table = product_table(mac);
  if (table == nullptr || depth > std::numeric_limits<std::int32_t>::max() / 32768) return;
  const std::int64_t bound = depth * table->largest;
  // Integers of 32 bits are rounded to binary32 as an exact sum is.
  const bool exact = mac.summation == Summation::exact && mac.accumulator == Quantization{};
  if (!exact && bound > exact_integers(mac, table->quantum_exponent)) return;
  accumulation.table = std::move(table);
  accumulation.multiply_codes = multiply_codes;
}

bool is_stochastic(const Quantization& quantization) {
  return quantization.rounding.rounding == Rounding::stochastic;
}

}  // namespace

PreparedMac prepare(const Mac& mac, RandomKey key, const OperandFacts& left,
                    const OperandFacts& right, std::int64_t depth) {
  Mac within = mac;
  within.chunk = 0;
  within.chunk_accumulator = {};
  const ProductFacts product = product_facts(mac, left, right);
  // (An aligned sum takes the exponent of a rounded product from the product itself.)
  if (mac.rounds_product && mac.multiplier.is_exact() && mac.summation != Summation::aligned &&
      holds_products(mac, product)) {
    within.rounds_product = false;
    within.product = {};
  }
  const std::int64_t run = mac.chunk > 0 ? std::min<std::int64_t>(mac.chunk, depth) : depth;
  PreparedMac prepared;
  prepared.chunk = mac.chunk;
  if (mac.summation == Summation::chain) {
    prepared.inner = choose(within, product, run);
  } else {
    prepared.inner.mac = within;
    plan_summation(prepared.inner, left, right, run);
    if (mac.summation == Summation::kahan &&
        plan_kahan32(within, product, run, prepared.inner.plan32)) {
      prepared.inner.multiply = multiply_kahan32;
    }
  }
  if (mac.summation == Summation::aligned) prepared.block = mac.block.products;
  prepared.stochastic =
      is_stochastic(mac.accumulator) || (within.rounds_product && is_stochastic(mac.product));
  if (mac.chunk == 0) plan_table(prepared.inner, multiply_facts(left, right), depth);
  if (mac.chunk > 0) {
    prepared.inner.run = mac.chunk;
    // No chunk may end within a pair.
    if (mac.chunk % 2 != 0) prepared.inner.multiply_pairs = nullptr;
    Mac between;
    between.accumulator = mac.chunk_accumulator;
    const std::int64_t chunks = (depth + mac.chunk - 1) / mac.chunk;
    prepared.outer = choose(between, sum_facts(within, product, run), chunks);
    prepared.stochastic = prepared.stochastic || is_stochastic(mac.chunk_accumulator);
  }
  if (prepared.stochastic) {
    prepared.inner.product_key = key.child("product");
    prepared.inner.sum_key = key.child("sum");
    prepared.inner.tree_key = key.child("tree");
    prepared.outer.sum_key = key.child("chunk");
  }
  return prepared;
}

bool zero_products_are_idle(const Mac& mac, const OperandFacts& left, const OperandFacts& right) {
  const ProductFacts product = multiply_facts(left, right);
  const auto idle = [&](const Quantization& quantization) {
    const Rounding rounding = quantization.rounding.rounding;
    const FloatFormat* format = quantization.format.as_float();
    // A sum or product that is not zero stays so if it is a multiple of the quantum; and zero is +0
    // unless rounded down.
    return format != nullptr && format->subnormals && rounding != Rounding::stochastic &&
           rounding != Rounding::down && product.lowest_exponent >= quantum_exponent(*format);
  };
  if (mac.chunk > 0 || !product.finite || !mac.multiplier.is_exact()) return false;
  if (mac.rounds_product && !idle(mac.product)) return false;
  // What is rounded once, at the end, is the same sum; other sums count products or round by their
  // place.
  if (mac.summation == Summation::exact) return !is_stochastic(mac.accumulator);
  return mac.summation == Summation::chain && idle(mac.accumulator);
}

}  // namespace mantissa
