#include "numeric/mac.h"

#include <cmath>

#include "numeric/family.h"

namespace mantissa {
namespace {

/// IEEE 754-2019, section 6.3: an exact sum of zero is +0, but -0 when rounding down and where both
/// addends are -0.
double zero_sum(double a, double b, Rounding rounding) {
  const bool both_negative = a == 0 && std::signbit(a) && b == 0 && std::signbit(b);
  const bool both_positive = a == 0 && !std::signbit(a) && b == 0 && !std::signbit(b);
  const bool negative = both_negative || (rounding == Rounding::down && !both_positive);
  return negative ? -0.0 : 0.0;
}

}  // namespace

double multiply_accumulate(double accumulator, float a, float b, const Mac& mac,
                           std::uint32_t random_product, std::uint32_t random_sum) {
  double product =
      static_cast<double>(a) * static_cast<double>(b);  // exact: 48 bits, exponents within binary64
  if (mac.rounds_product) {
    product = round_to_format(product, mac.product.format, mac.product.rounding, random_product);
  }
  const Quantization& sum = mac.accumulator;
  if (!std::isfinite(accumulator) || !std::isfinite(product)) {
    return round_to_format(accumulator + product, sum.format, sum.rounding, random_sum);
  }
  const ExactValue exact = exact_sum(accumulator, product);
  if (exact.is_zero()) {
    return round_to_format(zero_sum(accumulator, product, sum.rounding.rounding), sum.format,
                           sum.rounding);
  }
  return std::visit(
      [&](const auto& parameters) {
        return family::round(parameters, exact, sum.rounding, random_sum);
      },
      sum.format.parameters());
}

}  // namespace mantissa
