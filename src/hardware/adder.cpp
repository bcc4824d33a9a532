#include "hardware/adder.h"

#include <algorithm>

#include "hardware/multiplier.h"

namespace mantissa {
namespace {

// `sr` compares the whole discarded part with a random word; a machine makes one of the carrier's
// 32 bits.
constexpr int kUnlimitedRandomBits = 32;

MacCost assemble(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac, double chunk_share) {
  const NumberWidth product = mac.rounds_product ? number_width(mac.product.format) : wider(a, b);
  const NumberWidth accumulator = number_width(mac.accumulator.format);
  MacCost cost;
  cost.multiplier = multiplier_cost(law, a, b);
  if (mac.rounds_product) cost.multiplier += rounding_cost(law, random, mac.product.rounding);
  cost.accumulator =
      adder_cost(law, product, accumulator) + rounding_cost(law, random, mac.accumulator.rounding);
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

const Quantization& result_format(const Mac& mac) {
  return mac.chunk > 0 ? mac.chunk_accumulator : mac.accumulator;
}

}  // namespace mantissa
