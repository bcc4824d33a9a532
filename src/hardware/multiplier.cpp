#include "hardware/multiplier.h"

#include <algorithm>

namespace mantissa {
namespace {

/// Partial products a_i b_j with i + j < dropped.
int dropped_products(int a_bits, int b_bits, int dropped) {
  int count = 0;
  for (int i = 0; i < a_bits; ++i) count += std::clamp(dropped - i, 0, b_bits);
  return count;
}

/// Integers have their leading one anywhere.
double normaliser(const ArithmeticLaw& law, const NumberWidth& a, const NumberWidth& b) {
  if (!a.is_integer() || !b.is_integer()) return 0;
  return law.align_sum(shifter_size(std::max(a.significand_bits, b.significand_bits)));
}

}  // namespace

double significand_product_cost(const ArithmeticLaw& law, const NumberWidth& a,
                                const NumberWidth& b, const Multiplier& multiplier) {
  const int all = a.significand_bits * b.significand_bits;
  switch (multiplier.kind) {
    case MultiplierKind::truncated: {
      const int dropped = dropped_products(a.significand_bits, b.significand_bits, multiplier.bits);
      return law.integer_multiply(std::max(all - dropped, 1));
    }
    case MultiplierKind::drum:
      return law.integer_multiply(std::min(a.significand_bits, multiplier.bits) *
                                  std::min(b.significand_bits, multiplier.bits)) +
             normaliser(law, a, b);
    case MultiplierKind::mitchell:
      return law.integer_add(std::max(a.significand_bits, b.significand_bits)) +
             normaliser(law, a, b);
    case MultiplierKind::exact:
    case MultiplierKind::table:
      break;
  }
  return law.integer_multiply(all);
}

double multiplier_cost(const ArithmeticLaw& law, const NumberWidth& a, const NumberWidth& b,
                       const Multiplier& multiplier) {
  if (a.is_logarithm() && b.is_logarithm()) {
    return law.integer_add(std::max(a.logarithm_bits, b.logarithm_bits));
  }
  const double to_number = (a.is_logarithm() ? logarithm_function_cost(law, a) : 0) +
                           (b.is_logarithm() ? logarithm_function_cost(law, b) : 0);
  const double significands = significand_product_cost(law, a, b, multiplier);
  if (a.is_integer() && b.is_integer()) return significands;
  return to_number + significands +
         2 * law.integer_add(std::max(a.exponent_bits, b.exponent_bits)) +
         law.normalise_product(shifter_size(a.significand_bits + b.significand_bits));
}

}  // namespace mantissa
