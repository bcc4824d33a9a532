#include "hardware/multiplier.h"

#include <algorithm>

namespace mantissa {

double multiplier_cost(const ArithmeticLaw& law, const NumberWidth& a, const NumberWidth& b) {
  const double significands = law.integer_multiply(a.significand_bits * b.significand_bits);
  if (a.is_integer() && b.is_integer()) return significands;
  return significands + 2 * law.integer_add(std::max(a.exponent_bits, b.exponent_bits)) +
         law.normalise_product(shifter_size(a.significand_bits + b.significand_bits));
}

}  // namespace mantissa
