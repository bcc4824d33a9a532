#include "numeric/mac.h"

#include <algorithm>
#include <cmath>
#include <optional>

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

/// The exponent that a unit compares of a member of `format`.
int exponent_of(double value, const Format& format) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const int exponent = std::ilogb(value);
  const FloatFormat* floating = format.as_float();
  return floating == nullptr ? exponent : std::max(exponent, floating->min_exponent());
}

/// The sum of all terms if one of them is not finite.
std::optional<double> special_sum(double accumulator, std::span<const AlignedTerm> products) {
  double sum = std::isfinite(accumulator) ? 0.0 : accumulator;
  for (const AlignedTerm& term : products) {
    if (!std::isfinite(term.value)) sum += term.value;
  }
  if (std::isfinite(sum)) return std::nullopt;
  return sum;
}

std::int64_t cut(double value, int quantum_exponent, RoundingMode mode) {
  if (value == 0) return 0;
  const ExactValue exact = exact_value(value);
  const auto magnitude =
      static_cast<std::int64_t>(round_to_multiple(exact, quantum_exponent, mode, 0));
  return exact.negative ? -magnitude : magnitude;
}

}  // namespace

double add_rounded(double a, double b, const Quantization& sum, std::uint32_t random) {
  if (!std::isfinite(a) || !std::isfinite(b)) {
    return round_to_format(a + b, sum.format, sum.rounding, random);
  }
  const ExactValue exact = exact_sum(a, b);
  if (exact.is_zero()) {
    return round_to_format(zero_sum(a, b, sum.rounding.rounding), sum.format, sum.rounding);
  }
  return round_exact(exact, sum, random);
}

double multiply_rounded(float a, float b, const Mac& mac, std::uint32_t random) {
  const double product = multiply(a, b, mac.multiplier, mac.left_operand, mac.right_operand);
  if (!mac.rounds_product) return product;
  return round_to_format(product, mac.product.format, mac.product.rounding, random);
}

double multiply_accumulate(double accumulator, float a, float b, const Mac& mac,
                           std::uint32_t random_product, std::uint32_t random_sum) {
  return add_rounded(accumulator, multiply_rounded(a, b, mac, random_product), mac.accumulator,
                     random_sum);
}

void KahanSum::add(double product, const Quantization& accumulator,
                   const std::array<std::uint32_t, 4>& random) {
  const double addend = add_rounded(product, -compensation, accumulator, random[0]);
  const double total = add_rounded(sum, addend, accumulator, random[1]);
  const double added = add_rounded(total, -sum, accumulator, random[2]);
  compensation = add_rounded(added, -addend, accumulator, random[3]);
  sum = total;
}

AlignedTerm aligned_product(float a, float b, const Mac& mac, std::uint32_t random) {
  AlignedTerm term;
  term.value = multiply_rounded(a, b, mac, random);
  if (term.value == 0 || !std::isfinite(term.value)) return term;
  term.exponent = mac.rounds_product ? exponent_of(term.value, mac.product.format)
                                     : read_operand(a, mac.left_operand).leading +
                                           read_operand(b, mac.right_operand).leading;
  return term;
}

double add_aligned(double accumulator, std::span<const AlignedTerm> products, const Mac& mac,
                   std::uint32_t random, std::int64_t* lost) {
  const Quantization& sum = mac.accumulator;
  if (lost != nullptr) *lost = 0;
  if (const std::optional<double> special = special_sum(accumulator, products)) {
    return round_to_format(*special, sum.format, sum.rounding, random);
  }
  const AlignedTerm start = {accumulator, exponent_of(accumulator, sum.format)};
  std::optional<int> largest;
  const auto compare = [&](const AlignedTerm& term) {
    if (term.value != 0) largest = std::max(largest.value_or(term.exponent), term.exponent);
  };
  compare(start);
  for (const AlignedTerm& term : products) compare(term);
  if (!largest.has_value()) return 0;
  const int quantum = *largest - mac.block.fraction_bits;
  // Products are below 2^(2 + 30) quanta, but 2^(31 + 30) where a table holds entries of 31 bits.
  Int128 total = cut(start.value, quantum, mac.block.cut);
  for (const AlignedTerm& term : products) {
    const std::int64_t aligned = cut(term.value, quantum, mac.block.cut);
    if (lost != nullptr && aligned == 0 && term.value != 0) ++*lost;
    total += aligned;
  }
  ExactValue exact;
  exact.negative = total < 0;
  exact.magnitude = static_cast<UnsignedInt128>(total < 0 ? -total : total);
  exact.exponent = quantum;
  if (exact.is_zero()) return 0;
  return round_exact(exact, sum, random);
}

}  // namespace mantissa
