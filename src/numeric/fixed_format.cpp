#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/json_fields.h"
#include "numeric/spelling_parts.h"

namespace mantissa {
namespace {

constexpr int kMaxStorageBits = 25;  // the sign, and the 24 bits of a binary32 significand

/// The largest multiple of the quantum.
std::uint64_t max_multiple(const FixedFormat& format) {
  return (std::uint64_t{1} << (format.storage_bits() - 1)) - 1;
}

}  // namespace

double FixedFormat::max_value() const {
  return std::ldexp(static_cast<double>(max_multiple(*this)), -fraction_bits);
}

double FixedFormat::min_value() const {
  return -std::ldexp(1.0, integer_bits - 1);
}

double FixedFormat::quantum() const {
  return std::ldexp(1.0, -fraction_bits);
}

namespace family {
namespace {

std::optional<Format> parse(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "q")) return std::nullopt;
  const std::optional<int> integer_bits = take_number(rest);
  if (!integer_bits || !take(rest, ".")) return std::nullopt;
  const std::optional<int> fraction_bits = take_number(rest);
  if (!fraction_bits || !rest.empty()) return std::nullopt;
  return checked_format(text, FixedFormat{*integer_bits, *fraction_bits});
}

Format from_json(const nlohmann::json& object, std::string_view where) {
  require_known_keys(object, {"family", "integer_bits", "fraction_bits"}, where);
  require_key(object, "integer_bits", where);
  require_key(object, "fraction_bits", where);
  return Format(FixedFormat{json_int(object, "integer_bits", 0, where),
                            json_int(object, "fraction_bits", 0, where)});
}

}  // namespace

std::string fault(const FixedFormat& format) {
  if (format.integer_bits < 1) return "there is at least 1 integer bit, the sign";
  if (format.fraction_bits < 0) return "fraction bits cannot be fewer than 0";
  if (format.storage_bits() < 2) return "the sign alone holds no positive number";
  if (format.storage_bits() > kMaxStorageBits) {
    return "binary32, which carries every format, holds the sign and 24 bits";
  }
  return {};
}

FixedFormat nearest_possible(FixedFormat format) {
  format.integer_bits = std::clamp(format.integer_bits, 1, kMaxStorageBits);
  format.fraction_bits = std::clamp(format.fraction_bits, 0, kMaxStorageBits - format.integer_bits);
  if (format.storage_bits() < 2) format.integer_bits = 2;
  return format;
}

std::string spelling(const FixedFormat& format) {
  return "q" + std::to_string(format.integer_bits) + "." + std::to_string(format.fraction_bits);
}

nlohmann::json to_json(const FixedFormat& format) {
  return {{"family", "fixed"},
          {"integer_bits", format.integer_bits},
          {"fraction_bits", format.fraction_bits}};
}

FormatFacts facts(const FixedFormat& format) {
  FormatFacts facts;
  facts.family = "fixed";
  facts.storage_bits = facts.code_bits = format.storage_bits();
  facts.significand_bits = format.storage_bits() - 1;
  facts.exponent_bits = 0;
  facts.max_finite = format.max_value();
  facts.min_finite = format.min_value();
  facts.min_positive = format.quantum();
  facts.min_normal = format.quantum();
  facts.finite_values = std::uint64_t{1} << format.storage_bits();
  return facts;
}

double decode(const FixedFormat& format, std::uint32_t code) {
  const int width = format.storage_bits();
  const std::int64_t magnitude = code & ((1U << width) - 1);
  const std::int64_t multiple =
      (magnitude >> (width - 1)) != 0 ? magnitude - (std::int64_t{1} << width) : magnitude;
  return static_cast<double>(multiple) * format.quantum();
}

std::uint32_t encode(const FixedFormat& format, double value) {
  const auto multiple = static_cast<std::int64_t>(value / format.quantum());
  return static_cast<std::uint32_t>(multiple) & ((1U << format.storage_bits()) - 1);
}

double overflow(const FixedFormat& format, bool negative) {
  return negative ? format.min_value() : format.max_value();
}

bool has_negative_zero(const FixedFormat& /*format*/) {
  return false;
}

RoundingGrid grid(const FixedFormat& format) {
  RoundingGrid grid;
  grid.fraction_bits = format.storage_bits() - 1;
  grid.min_exponent = format.integer_bits - 1;
  grid.max_exponent = format.integer_bits - 1;
  grid.max_positive = format.max_value();
  grid.max_negative = -format.min_value();
  grid.overflow_positive = grid.max_positive;
  grid.overflow_negative = grid.max_negative;
  grid.has_negative_zero = false;
  return grid;
}

double round(const FixedFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random) {
  if (value.leading_exponent() >= format.integer_bits) return overflow(format, value.negative);
  const std::uint64_t multiple = round_to_multiple(value, -format.fraction_bits, mode, random);
  if (multiple == 0) return 0;  // two's complement has one zero
  if (multiple > max_multiple(format)) return overflow(format, value.negative);
  const double magnitude = static_cast<double>(multiple) * format.quantum();
  return value.negative ? -magnitude : magnitude;
}

const FormatFamily& fixed_family() {
  static const FormatFamily family = {
      "fixed",
      "q<I>.<F>",
      "q8.8",
      "Two's complement fixed point with I integer bits, the sign among them, and F fraction bits; "
      "saturates.",
      "Gupta et al., Deep Learning with Limited Numerical Precision, ICML 2015",
      &parse,
      &from_json};
  return family;
}

}  // namespace family
}  // namespace mantissa
