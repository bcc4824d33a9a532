#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/json_fields.h"
#include "numeric/spelling_parts.h"
#include "numeric/takum_code.h"

namespace mantissa {
namespace {

constexpr int kMaxBits = takum::kHeaderBits + 23;  // the fraction bits of binary32
constexpr int kMinExponent = -126;                 // of normal binary32 numbers
constexpr int kMaxExponent = 127;

/// Members with cut characteristics are powers of two; this one is the last up to 2^exponent.
int power_at_or_below(const LinearTakumFormat& format, int exponent) {
  const int cut = std::max(-format.fraction_bits(exponent), 0);
  // What is stored of a characteristic is its distance from the first of its length.
  const int length = takum::characteristic_bits(exponent);
  const int first = exponent >= 0 ? (1 << length) - 1 : 1 - (2 << length);
  return first + ((exponent - first) >> cut << cut);
}

int power_above(const LinearTakumFormat& format, int exponent) {
  const int cut = std::max(-format.fraction_bits(exponent), 0);
  return power_at_or_below(format, exponent) + (1 << cut);
}

/// Of a member: its l is the exponent and the fraction behind it.
std::int64_t code_of(double magnitude, int bits) {
  const int exponent = std::ilogb(magnitude);
  const double position = exponent + (std::ldexp(magnitude, -exponent) - 1);
  return takum::code(static_cast<std::int64_t>(std::ldexp(position, takum::kPositionBits)), bits);
}

}  // namespace

int LinearTakumFormat::fraction_bits(int exponent) const {
  return takum::mantissa_bits(bits, exponent);
}

double LinearTakumFormat::min_positive() const {
  const int low = power_at_or_below(*this, kMinExponent);
  return std::ldexp(1.0, low == kMinExponent ? low : power_above(*this, kMinExponent));
}

double LinearTakumFormat::max_finite() const {
  const int fraction = fraction_bits(kMaxExponent);
  if (fraction <= 0) return std::ldexp(1.0, power_at_or_below(*this, kMaxExponent));
  return std::ldexp(2 - std::ldexp(1.0, -fraction), kMaxExponent);
}

namespace family {
namespace {

std::optional<Format> parse(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "takumlin")) return std::nullopt;
  const std::optional<int> bits = take_number(rest);
  if (!bits || !rest.empty()) return std::nullopt;
  return checked_format(text, LinearTakumFormat{*bits});
}

Format from_json(const nlohmann::json& object, std::string_view where) {
  require_known_keys(object, {"family", "bits"}, where);
  require_key(object, "bits", where);
  return Format(LinearTakumFormat{json_int(object, "bits", 0, where)});
}

}  // namespace

std::string fault(const LinearTakumFormat& format) {
  if (format.bits < takum::kMinBits) {
    return "a takum has at least " + std::to_string(takum::kMinBits) + " bits";
  }
  if (format.bits > kMaxBits) {
    return "its values near 1 have " + std::to_string(format.bits - takum::kHeaderBits) +
           " fraction bits, but those of binary32, which carries every format, 23";
  }
  return {};
}

LinearTakumFormat nearest_possible(LinearTakumFormat format) {
  format.bits = std::clamp(format.bits, takum::kMinBits, kMaxBits);
  return format;
}

std::string spelling(const LinearTakumFormat& format) {
  return "takumlin" + std::to_string(format.bits);
}

nlohmann::json to_json(const LinearTakumFormat& format) {
  return {{"family", "takumlin"}, {"bits", format.bits}};
}

FormatFacts facts(const LinearTakumFormat& format) {
  FormatFacts facts;
  facts.family = "takumlin";
  facts.storage_bits = facts.code_bits = format.bits;
  facts.significand_bits = format.bits - takum::kHeaderBits + 1;
  facts.exponent_bits = 9;  // characteristics lie in -255..254
  facts.max_finite = format.max_finite();
  facts.min_finite = -facts.max_finite;
  facts.min_positive = facts.min_normal = format.min_positive();
  const std::int64_t positive =
      code_of(facts.max_finite, format.bits) - code_of(facts.min_positive, format.bits) + 1;
  facts.finite_values = 2 * static_cast<std::uint64_t>(positive) + 1;
  facts.has_nan = true;
  return facts;
}

double decode(const LinearTakumFormat& format, std::uint32_t code) {
  const std::uint32_t sign = takum::not_a_real(format.bits);
  code &= 2 * sign - 1;
  if (code == 0) return 0;
  if (code == sign) return std::numeric_limits<double>::quiet_NaN();
  const bool negative = code > sign;
  const std::int64_t position =
      takum::position(negative ? takum::negated(code, format.bits) : code, format.bits);
  const std::int64_t characteristic = position >> takum::kPositionBits;
  const auto fraction = static_cast<double>(position - (characteristic << takum::kPositionBits));
  const double magnitude =
      std::ldexp(1 + std::ldexp(fraction, -takum::kPositionBits), static_cast<int>(characteristic));
  return negative ? -magnitude : magnitude;
}

std::uint32_t encode(const LinearTakumFormat& format, double value) {
  if (std::isnan(value)) return takum::not_a_real(format.bits);
  if (value == 0) return 0;
  const auto code = static_cast<std::uint32_t>(code_of(std::abs(value), format.bits));
  return value < 0 ? takum::negated(code, format.bits) : code;
}

double overflow(const LinearTakumFormat& /*format*/, bool negative) {
  return std::copysign(std::numeric_limits<double>::quiet_NaN(), negative ? -1.0 : 1.0);
}

bool has_negative_zero(const LinearTakumFormat& /*format*/) {
  return false;
}

Neighbours neighbours(const LinearTakumFormat& format, const ExactValue& value) {
  const int exponent = value.leading_exponent();
  if (exponent < kMinExponent || exponent > kMaxExponent) {
    const double end = exponent < 0 ? format.min_positive() : format.max_finite();
    return {end, end, 0, false};
  }
  const int fraction_bits = format.fraction_bits(exponent);
  const int low = power_at_or_below(format, exponent);
  Neighbours found;
  if (fraction_bits >= 0) {
    found = multiples_around(value, exponent - fraction_bits);
  } else {
    const int high = power_above(format, exponent);
    found = powers_around(value, low, high, (low + high) / 2);
  }
  if (fraction_bits <= 0) {
    found.below_is_odd = code_of(std::ldexp(1.0, low), format.bits) % 2 != 0;
  }
  const bool at_an_end = found.below < 0x1p-126 || found.above >= 0x1p128;
  return at_an_end ? within(found, format.min_positive(), format.max_finite()) : found;
}

const FormatFamily& linear_takum_family() {
  static const FormatFamily family = {
      "takumlin",
      "takumlin<N>",
      "takumlin16",
      "Linear takum of N bits: tapered floating point whose exponent is stored with its length, so "
      "that its range hardly depends on N. No infinity; results are never rounded to zero or NaR.",
      "Hunhold, Beating Posits at Their Own Game: Takum Arithmetic, 2024, arXiv 2404.18603",
      &parse,
      &from_json};
  return family;
}

}  // namespace family
}  // namespace mantissa
