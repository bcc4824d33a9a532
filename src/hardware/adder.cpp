#include "hardware/adder.h"

#include <algorithm>
#include <bit>

#include "hardware/multiplier.h"

namespace mantissa {
namespace {

// `sr` compares the whole discarded part with a random word; a machine makes one of the carrier's
// 32 bits.
constexpr int kUnlimitedRandomBits = 32;

/// A register that 2^30 products cannot overflow.
constexpr int kCarryBits = 30;
/// Levels of a tree over a reduction of any usual length (2^16 products), and what it starts with.
constexpr int kTreeSums = 17;

/// What all sums of the assignment of one machine share.
struct SumContext {
  const ArithmeticLaw& law;
  const RandomBitCost& random;
  const Mac& mac;
  NumberWidth product;
  NumberWidth accumulator;
  bool float_product;
};

/// Of an exact product: a logarithm if both operands are.
NumberWidth product_of(const NumberWidth& a, const NumberWidth& b) {
  NumberWidth product = wider(a, b);
  if (!a.is_logarithm() || !b.is_logarithm()) product.logarithm_bits = 0;
  return product;
}

/// What makes the product a number where a sum of numbers takes it.
double to_number_cost(const ArithmeticLaw& law, const NumberWidth& product) {
  return product.is_logarithm() ? logarithm_function_cost(law, product) : 0;
}

int exact_bits(const NumberWidth& a, const NumberWidth& b, const Mac& mac) {
  const int range = mac.rounds_product ? number_width(mac.product.format).range_bits
                                       : a.range_bits + b.range_bits;
  return range + kCarryBits;
}

double exact_cost(const SumContext& context, int width) {
  const double sum = context.law.integer_add(width) + to_number_cost(context.law, context.product);
  if (!context.float_product) return sum;
  return sum + context.law.align_sum(shifter_size(width)) / 2;
}

double aligned_cost(const SumContext& context) {
  const AlignedBlock& block = context.mac.block;
  const ArithmeticLaw& law = context.law;
  const int width = block.fraction_bits + kGuardBits +
                    static_cast<int>(std::bit_width(static_cast<unsigned>(block.products)));
  const double exponents =
      context.product.is_integer() ? 0 : law.integer_add(context.product.exponent_bits);
  const double each =
      law.align_sum(shifter_size(block.fraction_bits + 1)) / 2 + law.integer_add(width) + exponents;
  const double block_sum = law.align_sum(shifter_size(width)) + law.integer_add(width) +
                           2 * exponents +
                           rounding_cost(law, context.random, context.mac.accumulator.rounding);
  return to_number_cost(law, context.product) + each + block_sum / block.products;
}

double sum_cost(const SumContext& context, int exact_width) {
  const ArithmeticLaw& law = context.law;
  const double rounding = rounding_cost(law, context.random, context.mac.accumulator.rounding);
  const double addition = adder_cost(law, context.product, context.accumulator) + rounding;
  switch (context.mac.summation) {
    case Summation::exact:
      return exact_cost(context, exact_width);
    case Summation::kahan:
      return addition + 3 * (adder_cost(law, context.accumulator, context.accumulator) + rounding);
    case Summation::aligned:
      return aligned_cost(context);
    case Summation::chain:
    case Summation::pairwise:
      break;
  }
  return addition;
}

MacCost assemble(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac, double chunk_share) {
  const NumberWidth product =
      mac.rounds_product ? number_width(mac.product.format) : product_of(a, b);
  const NumberWidth accumulator = number_width(mac.accumulator.format);
  const bool integers = a.is_integer() && b.is_integer();
  MacCost cost;
  cost.multiplier = multiplier_cost(law, a, b, mac.multiplier);
  if (mac.rounds_product) {
    cost.multiplier += rounding_cost(law, random, mac.product.rounding);
    if (product.is_logarithm() != product_of(a, b).is_logarithm()) {
      cost.multiplier += logarithm_function_cost(law, product.is_logarithm() ? product : a);
    }
  } else if (mac.summation == Summation::aligned && !integers && !product.is_logarithm()) {
    cost.multiplier -= law.normalise_product(shifter_size(a.significand_bits + b.significand_bits));
  }
  cost.accumulator = sum_cost({law, random, mac, product, accumulator, !product.is_integer()},
                              exact_bits(a, b, mac));
  if (mac.chunk > 0) {
    cost.accumulator +=
        chunk_share * (adder_cost(law, accumulator, number_width(mac.chunk_accumulator.format)) +
                       rounding_cost(law, random, mac.chunk_accumulator.rounding));
  }
  return cost;
}

}  // namespace

double adder_cost(const ArithmeticLaw& law, const NumberWidth& product,
                  const NumberWidth& accumulator) {
  if (accumulator.is_logarithm()) {
    // log(x + y) = log x + F(log y - log x), F by table and interpolation.
    const int width = std::max(accumulator.logarithm_bits, product.logarithm_bits);
    const double to_logarithm =
        product.is_logarithm() ? 0 : logarithm_function_cost(law, accumulator);
    return to_logarithm + 2 * law.integer_add(width) + logarithm_function_cost(law, accumulator);
  }
  if (product.is_logarithm()) {
    NumberWidth number = product;
    number.logarithm_bits = 0;
    return to_number_cost(law, product) + adder_cost(law, number, accumulator);
  }
  if (accumulator.is_integer()) {
    const double sum =
        law.integer_add(std::max(accumulator.significand_bits, product.significand_bits));
    if (product.is_integer()) return sum;
    return sum + law.align_sum(shifter_size(accumulator.significand_bits + kGuardBits)) / 2;
  }
  const int width = std::max(accumulator.significand_bits, product.significand_bits) + kGuardBits;
  const int exponent = std::max(accumulator.exponent_bits, product.exponent_bits);
  return law.integer_add(width) + 2 * law.integer_add(exponent) +
         law.align_sum(shifter_size(width));
}

double rounding_cost(const ArithmeticLaw& law, const RandomBitCost& random, RoundingMode rounding) {
  if (rounding.rounding != Rounding::stochastic) return 0;
  const int bits = rounding.random_bits == 0 ? kUnlimitedRandomBits : rounding.random_bits;
  return bits * random.per_bit + law.integer_add(bits);
}

MacCost mac_cost(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac) {
  return assemble(law, random, a, b, mac, mac.chunk > 0 ? 1.0 / mac.chunk : 0);
}

MacCost mac_area(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac) {
  return assemble(law, random, a, b, mac, 1);
}

double partial_sum_bits(const NumberWidth& a, const NumberWidth& b, const Mac& mac) {
  double bits = number_width(mac.accumulator.format).storage_bits;
  if (mac.summation == Summation::exact) bits = exact_bits(a, b, mac);
  if (mac.summation == Summation::kahan) bits *= 2;
  if (mac.summation == Summation::pairwise) {
    const int levels = static_cast<int>(std::bit_width(static_cast<unsigned>(mac.chunk)));
    bits *= mac.chunk > 0 ? levels : kTreeSums;
  }
  if (mac.chunk > 0) bits += number_width(mac.chunk_accumulator.format).storage_bits;
  return bits;
}

double spilled_sum_bits(const NumberWidth& a, const NumberWidth& b, const Mac& mac) {
  if (mac.chunk == 0) return partial_sum_bits(a, b, mac);
  return number_width(mac.chunk_accumulator.format).storage_bits;
}

const Quantization& result_format(const Mac& mac) {
  return mac.chunk > 0 ? mac.chunk_accumulator : mac.accumulator;
}

}  // namespace mantissa
