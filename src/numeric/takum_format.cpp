#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/json_fields.h"
#include "numeric/spelling_parts.h"
#include "numeric/takum_code.h"

namespace mantissa::family {
namespace {

// With 28 bits some neighbours between 1 and 2 would be less than 2^-23 apart.
constexpr int kMaxBits = 27;
constexpr int kCharacteristicBits = 9;  // -255..254

/// 2 ln 2, the logarithm of 2 to the base sqrt(e), in the units of positions.
constexpr double kOctave = 2 * 0.693147180559945309417 * (1 << takum::kPositionBits);

std::optional<Format> parse(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "takum")) return std::nullopt;
  const std::optional<int> bits = take_number(rest);
  if (!bits || !rest.empty()) return std::nullopt;
  return checked_format(text, TakumFormat{*bits});
}

Format from_json(const nlohmann::json& object, std::string_view where) {
  require_known_keys(object, {"family", "bits"}, where);
  require_key(object, "bits", where);
  return Format(TakumFormat{json_int(object, "bits", 0, where)});
}

}  // namespace

std::string fault(const TakumFormat& format) {
  if (format.bits < takum::kMinBits) {
    return "a takum has at least " + std::to_string(takum::kMinBits) + " bits";
  }
  if (format.bits > kMaxBits) {
    return "its values near 1 are less than 2^-23 apart, but those of binary32, which carries "
           "every "
           "format, are not";
  }
  return {};
}

TakumFormat nearest_possible(TakumFormat format) {
  format.bits = std::clamp(format.bits, takum::kMinBits, kMaxBits);
  return format;
}

std::string spelling(const TakumFormat& format) {
  return "takum" + std::to_string(format.bits);
}

nlohmann::json to_json(const TakumFormat& format) {
  return {{"family", "takum"}, {"bits", format.bits}};
}

LogLadder ladder(const TakumFormat& format) {
  // The next toward 1 from the ends of normal binary32 numbers, 2^-126 and 2^128.
  constexpr auto kLowest = static_cast<std::int64_t>(-126 * kOctave);
  constexpr auto kHighest = static_cast<std::int64_t>(128 * kOctave);
  LogLadder ladder;
  ladder.powers = &ExactPowers::of_root_e();
  ladder.takum_bits = format.bits;
  ladder.first = takum::code(kLowest, format.bits);
  ladder.last = takum::code(kHighest, format.bits);
  return ladder;
}

FormatFacts facts(const TakumFormat& format) {
  const LogLadder rungs = ladder(format);
  FormatFacts facts;
  facts.family = "takum";
  facts.storage_bits = facts.code_bits = format.bits;
  facts.significand_bits = format.bits - takum::kHeaderBits + 1;
  facts.exponent_bits = kCharacteristicBits;
  facts.logarithm_bits = kCharacteristicBits + format.bits - takum::kHeaderBits;
  facts.max_finite = rungs.member(rungs.last);
  facts.min_finite = -facts.max_finite;
  facts.min_positive = facts.min_normal = rungs.member(rungs.first);
  facts.finite_values = 2 * static_cast<std::uint64_t>(rungs.last - rungs.first + 1) + 1;
  facts.has_nan = true;
  return facts;
}

double decode(const TakumFormat& format, std::uint32_t code) {
  const std::uint32_t sign = takum::not_a_real(format.bits);
  code &= 2 * sign - 1;
  if (code == 0) return 0;
  if (code == sign) return std::numeric_limits<double>::quiet_NaN();
  const LogLadder rungs = ladder(format);
  const bool negative = code > sign;
  const std::uint32_t magnitude_code = negative ? takum::negated(code, format.bits) : code;
  const double magnitude = magnitude_code < rungs.first || magnitude_code > rungs.last
                               ? rungs.powers->estimate(rungs.position(magnitude_code))
                               : rungs.member(magnitude_code);
  return negative ? -magnitude : magnitude;
}

std::uint32_t encode(const TakumFormat& format, double value) {
  if (std::isnan(value)) return takum::not_a_real(format.bits);
  if (value == 0) return 0;
  const LogLadder rungs = ladder(format);
  const double magnitude = std::abs(value);
  const std::int64_t rung =
      magnitude >= rungs.member(rungs.last) ? rungs.last : rungs.below(magnitude);
  const auto code = static_cast<std::uint32_t>(rung);
  return value < 0 ? takum::negated(code, format.bits) : code;
}

double overflow(const TakumFormat& /*format*/, bool negative) {
  return std::copysign(std::numeric_limits<double>::quiet_NaN(), negative ? -1.0 : 1.0);
}

bool has_negative_zero(const TakumFormat& /*format*/) {
  return false;
}

const FormatFamily& takum_family() {
  static const FormatFamily family = {
      "takum",
      "takum<N>",
      "takum16",
      "Logarithmic takum of N bits, powers of the square root of e: most precise near 1, with a "
      "range that hardly depends on N. No infinity; results are never rounded to zero or NaR.",
      "Hunhold, Beating Posits at Their Own Game: Takum Arithmetic, 2024, arXiv 2404.18603",
      &parse,
      &from_json};
  return family;
}

}  // namespace mantissa::family
