#include "hardware/converter.h"

#include <algorithm>

namespace mantissa {

double converter_cost(const ArithmeticLaw& law, const RandomBitCost& random, const Format& from,
                      const Quantization& to) {
  if (from == to.format) return 0;
  const NumberWidth source = number_width(from);
  const NumberWidth target = number_width(to.format);
  const NumberWidth both = wider(source, target);
  double cost = law.align_sum(shifter_size(both.significand_bits + kGuardBits)) / 2 +
                law.integer_add(both.significand_bits) + rounding_cost(law, random, to.rounding);
  if (both.exponent_bits > 0) cost += law.integer_add(both.exponent_bits);
  return cost;
}

}  // namespace mantissa
