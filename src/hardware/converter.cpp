#include "hardware/converter.h"

#include <algorithm>

namespace mantissa {
namespace {

/// A comparison with the largest so far, and the quotient by the scale: a sum of exponents for a
/// power of two, else a product of significands with the scale's reciprocal.
double scaling_cost(const ArithmeticLaw& law, const NumberWidth& source, const Quantization& to) {
  constexpr int kScaleBits = 8;
  const double compare = law.integer_add(source.exponent_bits + source.significand_bits);
  return compare + (to.scaling.kind == ScaleKind::power_of_two
                        ? law.integer_add(kScaleBits)
                        : law.integer_multiply(source.significand_bits * kScaleBits));
}

}  // namespace

double converter_cost(const ArithmeticLaw& law, const RandomBitCost& random, const Format& from,
                      const Quantization& to) {
  const bool scales = to.scaling.scales();
  if (from == to.format && !scales) return 0;
  const NumberWidth source = number_width(from);
  const NumberWidth target = number_width(to.format);
  const NumberWidth both = wider(source, target);
  double cost = law.align_sum(shifter_size(both.significand_bits + kGuardBits)) / 2 +
                law.integer_add(both.significand_bits) + rounding_cost(law, random, to.rounding);
  if (source.is_logarithm() != target.is_logarithm()) {
    cost += logarithm_function_cost(law, source.is_logarithm() ? source : target);
  }
  if (both.exponent_bits > 0) cost += law.integer_add(both.exponent_bits);
  if (scales) cost += scaling_cost(law, source, to);
  return cost;
}

}  // namespace mantissa
