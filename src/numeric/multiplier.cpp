#include "numeric/multiplier.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mantissa {
namespace {

/// The exponent below which a float's significand is not normalised any more.
int lowest_leading(const Format& format) {
  if (const FloatFormat* floating = format.as_float()) return floating->min_exponent();
  return -(1 << 20);
}

int place_of_first(std::uint32_t significand) {
  return std::bit_width(significand) - 1;
}

/// Sum of the partial products a_i b_j 2^(i + j) with i + j >= dropped.
std::uint64_t truncated_product(std::uint32_t a, std::uint32_t b, int dropped) {
  std::uint64_t sum = 0;
  for (int i = 0; i < static_cast<int>(std::bit_width(a)); ++i) {
    if ((a >> i & 1U) == 0) continue;
    const int cleared = std::clamp(dropped - i, 0, 32);
    sum += (std::uint64_t{b} >> cleared << cleared) << i;
  }
  return sum;
}

/// With a = 2^i (1 + x) and b = 2^j (1 + y): 2^(i+j) (1 + x + y), or 2^(i+j+1) (x + y) where x + y
/// reaches 1. Both are integers.
std::uint64_t mitchell_product(std::uint32_t a, std::uint32_t b) {
  const int i = place_of_first(a);
  const int j = place_of_first(b);
  const std::uint64_t one = std::uint64_t{1} << (i + j);
  const std::uint64_t fractions = ((std::uint64_t{a} << j) - one) + ((std::uint64_t{b} << i) - one);
  return fractions < one ? one + fractions : 2 * fractions;
}

/// K bits from the leading one on; where others are cut off, the last is set, which makes the error
/// zero on average.
std::uint32_t drum_segment(std::uint32_t value, int bits) {
  const int cut = std::bit_width(value) - bits;
  return cut <= 0 ? value : (value >> cut | 1U) << cut;
}

std::uint32_t table_code(const OperandBits& operand, int bits, TableIndex index, bool fixed) {
  if (!fixed || index == TableIndex::magnitudes) return operand.significand;
  const std::uint32_t value = operand.negative ? 0U - operand.significand : operand.significand;
  const std::uint32_t zero = index == TableIndex::offset ? 1U << (bits - 1) : 0U;
  return (value + zero) & ((1U << bits) - 1);
}

double scaled(std::uint64_t magnitude, int exponent, bool negative) {
  const double value = std::ldexp(static_cast<double>(magnitude), exponent);
  return negative ? -value : value;
}

}  // namespace

bool operator==(const Multiplier& a, const Multiplier& b) {
  if (a.kind != b.kind || a.bits != b.bits || (a.table == nullptr) != (b.table == nullptr)) {
    return false;
  }
  return a.table == nullptr || a.table == b.table ||
         (a.table->path() == b.table->path() && a.table->index() == b.table->index() &&
          a.table->left_bits() == b.table->left_bits() && a.table->digest() == b.table->digest());
}

int operand_bits(const Format& format) {
  if (const FloatFormat* floating = format.as_float()) return floating->significand_bits();
  if (const FixedFormat* fixed = format.as_fixed()) return fixed->storage_bits();
  const FormatFacts known = facts(format);
  // Values of logarithmic formats are irrational: carriers that are cut would be other values.
  constexpr int kCarrierBits = 24;
  return known.logarithm_bits > 0 ? kCarrierBits : known.significand_bits;
}

OperandBits read_operand(float value, const Format& format) {
  OperandBits bits;
  bits.negative = std::signbit(value);
  const int width = operand_bits(format);
  double magnitude = std::abs(static_cast<double>(value));
  if (const FixedFormat* fixed = format.as_fixed()) {
    bits.exponent = -fixed->fraction_bits;
    magnitude = std::min(magnitude, bits.negative ? -fixed->min_value() : fixed->max_value());
  } else {
    const int lowest = lowest_leading(format);
    const int exponent = magnitude == 0 ? lowest : std::ilogb(magnitude);
    bits.exponent = std::max(exponent, lowest) - width + 1;
  }
  bits.leading = bits.exponent + width - 1;
  if (magnitude != 0) {
    bits.significand = static_cast<std::uint32_t>(std::ldexp(magnitude, -bits.exponent));
  }
  return bits;
}

double multiply_operands(const OperandBits& a, const OperandBits& b, const Multiplier& multiplier,
                         bool fixed) {
  const int exponent = a.exponent + b.exponent;
  const bool negative = a.negative != b.negative;
  if (multiplier.kind == MultiplierKind::table) {
    const MultiplierTable& table = *multiplier.table;
    const std::int32_t entry = table.at(table_code(a, table.left_bits(), table.index(), fixed),
                                        table_code(b, table.right_bits(), table.index(), fixed));
    if (fixed && table.index() != TableIndex::magnitudes) return std::ldexp(entry, exponent);
    if (a.is_zero() || b.is_zero()) return negative ? -0.0 : 0.0;
    return scaled(static_cast<std::uint32_t>(entry), exponent, negative);
  }
  if (a.is_zero() || b.is_zero()) return negative ? -0.0 : 0.0;
  switch (multiplier.kind) {
    case MultiplierKind::truncated:
      return scaled(truncated_product(a.significand, b.significand, multiplier.bits), exponent,
                    negative);
    case MultiplierKind::mitchell:
      return scaled(mitchell_product(a.significand, b.significand), exponent, negative);
    case MultiplierKind::drum: {
      const std::uint64_t x = drum_segment(a.significand, multiplier.bits);
      return scaled(x * drum_segment(b.significand, multiplier.bits), exponent, negative);
    }
    case MultiplierKind::exact:
    case MultiplierKind::table:
      break;
  }
  return scaled(std::uint64_t{a.significand} * b.significand, exponent, negative);
}

double multiply(float a, float b, const Multiplier& multiplier, const Format& left,
                const Format& right) {
  const bool carriers = multiplier.is_exact() && left.is_fp32() && right.is_fp32();
  if (carriers || !std::isfinite(a) || !std::isfinite(b)) {
    return static_cast<double>(a) * static_cast<double>(b);  // exact: at most 48 bits
  }
  return multiply_operands(read_operand(a, left), read_operand(b, right), multiplier,
                           left.as_fixed() != nullptr);
}

}  // namespace mantissa
