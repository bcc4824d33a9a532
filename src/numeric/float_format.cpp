#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "numeric/family.h"

namespace mantissa {
namespace {

// The carrier, IEEE binary32.
constexpr int kCarrierMaxExponent = 127;
constexpr int kCarrierMinQuantum = -149;

/// Whether all ones, and no other code of the top exponent, is infinity or NaN.
bool all_ones_is_special(const FloatFormat& format) {
  return format.specials == Specials::finite_nan || format.specials == Specials::unsigned_zero;
}

/// The exponent field of the largest finite number.
int max_exponent_field(const FloatFormat& format) {
  const int top = (1 << format.exponent_bits) - 1;
  const bool top_has_numbers = format.specials == Specials::unsigned_zero_nan ||
                               format.specials == Specials::none ||
                               (all_ones_is_special(format) && format.fraction_bits > 0);
  return top_has_numbers ? top : top - 1;
}

/// The fraction field of the largest finite number.
std::uint32_t max_fraction_field(const FloatFormat& format) {
  const std::uint32_t all_ones = (std::uint32_t{1} << format.fraction_bits) - 1;
  return all_ones_is_special(format) && format.fraction_bits > 0 ? all_ones - 1 : all_ones;
}

}  // namespace

int FloatFormat::default_bias(int exponent_bits, Specials specials) {
  const bool is_larger =
      specials == Specials::unsigned_zero_nan || specials == Specials::unsigned_zero;
  return (1 << (exponent_bits - 1)) - (is_larger ? 0 : 1);
}

int FloatFormat::min_exponent() const {
  return 1 - bias;
}

int FloatFormat::max_exponent() const {
  return max_exponent_field(*this) - bias;
}

double FloatFormat::max_finite() const {
  const std::uint32_t significand = (std::uint32_t{1} << fraction_bits) | max_fraction_field(*this);
  return std::ldexp(significand, max_exponent() - fraction_bits);
}

double FloatFormat::min_normal() const {
  return std::ldexp(1.0, min_exponent());
}

double FloatFormat::min_subnormal() const {
  return std::ldexp(1.0, min_exponent() - fraction_bits);
}

namespace family {

std::string fault(const FloatFormat& format) {
  if (format.exponent_bits < 1 || format.exponent_bits > 8) return "exponents have 1 to 8 bits";
  if (format.fraction_bits < 0 || format.fraction_bits > 23) return "fractions have 0 to 23 bits";
  if (format.specials == Specials::none && format.saturates) {
    return "a format without infinity and NaN (fin) always saturates";
  }
  if (format.fraction_bits == 0 && !format.subnormals) {
    return "a format without fraction bits has no subnormals to flush (nosub)";
  }
  if (max_exponent_field(format) < 1) {
    return "infinity or NaN take the only exponent that normal numbers could have";
  }
  if (format.max_exponent() > kCarrierMaxExponent) {
    return "its numbers reach 2^" + std::to_string(format.max_exponent()) +
           ", but binary32, which carries every format, ends below 2^128";
  }
  if (format.min_exponent() - format.fraction_bits < kCarrierMinQuantum) {
    return "its numbers are multiples of 2^" +
           std::to_string(format.min_exponent() - format.fraction_bits) +
           ", but those of binary32, which carries every format, of 2^-149";
  }
  return {};
}

FloatFormat nearest_possible(FloatFormat format) {
  const int given_default =
      FloatFormat::default_bias(std::clamp(format.exponent_bits, 1, 8), format.specials);
  const bool bias_is_default =
      format.exponent_bits < 1 || format.exponent_bits > 8 || format.bias == given_default;
  format.exponent_bits = std::clamp(format.exponent_bits, 1, 8);
  format.fraction_bits = std::clamp(format.fraction_bits, 0, 23);
  if (max_exponent_field(format) < 1) format.specials = Specials::none;
  if (format.specials == Specials::none) format.saturates = false;
  if (format.fraction_bits == 0) format.subnormals = true;
  if (bias_is_default)
    format.bias = FloatFormat::default_bias(format.exponent_bits, format.specials);
  const int lowest_bias = max_exponent_field(format) - kCarrierMaxExponent;
  format.fraction_bits = std::min(format.fraction_bits, 1 - lowest_bias - kCarrierMinQuantum);
  const int highest_bias = 1 - format.fraction_bits - kCarrierMinQuantum;
  format.bias = std::clamp(format.bias, lowest_bias, highest_bias);
  return format;
}

FormatFacts facts(const FloatFormat& format) {
  const auto steps = std::uint64_t{1} << format.fraction_bits;  // fractions of one binade
  const auto binades = static_cast<std::uint64_t>(max_exponent_field(format));
  const std::uint64_t normals = binades * steps - (steps - 1 - max_fraction_field(format));
  const std::uint64_t subnormals = format.subnormals ? steps - 1 : 0;
  FormatFacts facts;
  facts.family = "float";
  facts.storage_bits = facts.code_bits = format.storage_bits();
  facts.significand_bits = format.significand_bits();
  facts.exponent_bits = format.exponent_bits;
  facts.max_finite = format.max_finite();
  facts.min_finite = -format.max_finite();
  facts.min_normal = format.min_normal();
  facts.min_positive = format.subnormals ? format.min_subnormal() : format.min_normal();
  facts.finite_values = 2 * (normals + subnormals) + 1;
  facts.has_infinity = format.has_infinity();
  facts.has_nan = format.specials != Specials::none &&
                  (format.specials != Specials::ieee || format.fraction_bits > 0);
  facts.has_negative_zero = format.has_negative_zero();
  return facts;
}

double decode(const FloatFormat& format, std::uint32_t code) {
  const int width = format.storage_bits();
  const bool negative = (code >> (width - 1)) % 2 != 0;
  const double sign = negative ? -1 : 1;
  const auto field =
      static_cast<int>((code >> format.fraction_bits) & ((1U << format.exponent_bits) - 1));
  const std::uint32_t fraction = code & ((1U << format.fraction_bits) - 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (field == 0) {
    if (fraction == 0 && negative && !format.has_negative_zero()) return nan;
    if (!format.subnormals) return sign * 0.0;
    return sign * std::ldexp(fraction, format.min_exponent() - format.fraction_bits);
  }
  const int top = max_exponent_field(format);
  if (field > top || (field == top && fraction > max_fraction_field(format))) {
    const bool infinite = format.specials == Specials::unsigned_zero ||
                          (format.specials == Specials::ieee && fraction == 0);
    return infinite ? sign * std::numeric_limits<double>::infinity() : nan;
  }
  const std::uint32_t significand = fraction | (1U << format.fraction_bits);
  return sign * std::ldexp(significand, field - format.bias - format.fraction_bits);
}

std::uint32_t encode(const FloatFormat& format, double value) {
  const int width = format.storage_bits();
  const std::uint32_t sign = std::signbit(value) ? 1U << (width - 1) : 0;
  const std::uint32_t top = ((1U << format.exponent_bits) - 1) << format.fraction_bits;
  const std::uint32_t all_ones = (1U << (width - 1)) - 1;
  if (std::isnan(value)) {
    switch (format.specials) {
      case Specials::unsigned_zero_nan:
      case Specials::unsigned_zero:
        return 1U << (width - 1);
      case Specials::finite_nan:
        return all_ones;
      default:
        return top | (1U << format.fraction_bits) >> 1;  // quiet
    }
  }
  if (std::isinf(value)) {
    return sign | (format.specials == Specials::unsigned_zero ? all_ones : top);
  }
  const double magnitude = std::abs(value);
  if (magnitude < format.min_normal()) {
    return sign | static_cast<std::uint32_t>(magnitude / format.min_subnormal());
  }
  const int exponent = std::ilogb(magnitude);
  const auto significand =
      static_cast<std::uint32_t>(std::ldexp(magnitude, format.fraction_bits - exponent));
  const auto field = static_cast<std::uint32_t>(exponent + format.bias);
  return sign | (field << format.fraction_bits) | (significand - (1U << format.fraction_bits));
}

double overflow(const FloatFormat& format, bool negative) {
  const double sign = negative ? -1 : 1;
  if (format.saturates || format.specials == Specials::none) return sign * format.max_finite();
  if (format.has_infinity()) return sign * std::numeric_limits<double>::infinity();
  return std::copysign(std::numeric_limits<double>::quiet_NaN(), sign);
}

bool has_negative_zero(const FloatFormat& format) {
  return format.has_negative_zero();
}

RoundingGrid grid(const FloatFormat& format) {
  RoundingGrid grid;
  grid.fraction_bits = format.fraction_bits;
  grid.min_exponent = format.min_exponent();
  grid.max_exponent = format.max_exponent();
  grid.max_positive = format.max_finite();
  grid.max_negative = format.max_finite();
  grid.overflow_positive = overflow(format, false);
  grid.overflow_negative = grid.overflow_positive;
  grid.min_magnitude = format.subnormals ? 0 : format.min_normal();
  grid.has_negative_zero = format.has_negative_zero();
  return grid;
}

double round(const FloatFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random) {
  const int exponent = std::max(value.leading_exponent(), format.min_exponent());
  const int quantum_exponent = exponent - format.fraction_bits;
  const std::uint64_t multiple = round_to_multiple(value, quantum_exponent, mode, random);
  double magnitude = std::ldexp(static_cast<double>(multiple), quantum_exponent);
  if (magnitude > format.max_finite()) {
    const bool inward = mode.rounding == Rounding::toward_zero ||
                        mode.rounding == Rounding::to_odd ||
                        mode.rounding == (value.negative ? Rounding::up : Rounding::down);
    if (!inward) return overflow(format, value.negative);
    magnitude = format.max_finite();
  }
  if (!format.subnormals && magnitude < format.min_normal()) magnitude = 0;
  if (magnitude == 0 && !format.has_negative_zero()) return 0;
  return value.negative ? -magnitude : magnitude;
}

}  // namespace family
}  // namespace mantissa
