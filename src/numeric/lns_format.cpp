#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/json_fields.h"
#include "numeric/spelling_parts.h"

namespace mantissa::family {
namespace {

constexpr int kMaxIntegerBits = 8;    // logarithms of binary32 numbers
constexpr int kMaxFractionBits = 21;  // see LnsFormat
constexpr int kMinExponent = -126;    // of normal binary32 numbers

std::optional<Format> parse(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "lns")) return std::nullopt;
  const std::optional<int> integer_bits = take_number(rest);
  if (!integer_bits || !take(rest, ".")) return std::nullopt;
  const std::optional<int> fraction_bits = take_number(rest);
  if (!fraction_bits || !rest.empty()) return std::nullopt;
  return checked_format(text, LnsFormat{*integer_bits, *fraction_bits});
}

Format from_json(const nlohmann::json& object, std::string_view where) {
  require_known_keys(object, {"family", "integer_bits", "fraction_bits"}, where);
  require_key(object, "integer_bits", where);
  require_key(object, "fraction_bits", where);
  return Format(LnsFormat{json_int(object, "integer_bits", 0, where),
                          json_int(object, "fraction_bits", 0, where)});
}

/// The codes of zero and of negative numbers.
std::uint32_t zero_code(const LnsFormat& format) {
  return 1U << format.logarithm_bits();
}
std::uint32_t sign_code(const LnsFormat& format) {
  return 2U << format.logarithm_bits();
}

}  // namespace

std::string fault(const LnsFormat& format) {
  if (format.integer_bits < 1) {
    return "a logarithm has at least 1 integer bit, its sign";
  }
  if (format.integer_bits > kMaxIntegerBits) {
    return "logarithms have up to " + std::to_string(kMaxIntegerBits) +
           " integer bits, those of the range of binary32, which carries every format";
  }
  if (format.fraction_bits < 0 || format.fraction_bits > kMaxFractionBits) {
    return "logarithms have 0 to " + std::to_string(kMaxFractionBits) +
           " fraction bits, so that products of binary32 numbers, which carry every format, have "
           "the sums of the logarithms";
  }
  return {};
}

LnsFormat nearest_possible(LnsFormat format) {
  format.integer_bits = std::clamp(format.integer_bits, 1, kMaxIntegerBits);
  format.fraction_bits = std::clamp(format.fraction_bits, 0, kMaxFractionBits);
  return format;
}

std::string spelling(const LnsFormat& format) {
  return "lns" + std::to_string(format.integer_bits) + "." + std::to_string(format.fraction_bits);
}

nlohmann::json to_json(const LnsFormat& format) {
  return {{"family", "lns"},
          {"integer_bits", format.integer_bits},
          {"fraction_bits", format.fraction_bits}};
}

LogLadder ladder(const LnsFormat& format) {
  const std::int64_t one = std::int64_t{1} << format.fraction_bits;
  const std::int64_t limit = one << (format.integer_bits - 1);
  LogLadder ladder;
  ladder.powers = &ExactPowers::of_two();
  ladder.fraction_bits = format.fraction_bits;
  ladder.first = std::max(-limit, kMinExponent * one);
  ladder.last = limit - 1;
  ladder.zero_below = true;
  return ladder;
}

FormatFacts facts(const LnsFormat& format) {
  const LogLadder rungs = ladder(format);
  FormatFacts facts;
  facts.family = "lns";
  facts.storage_bits = facts.code_bits = 2 + format.logarithm_bits();
  facts.significand_bits = format.fraction_bits + 1;
  facts.exponent_bits = format.integer_bits;
  facts.logarithm_bits = format.logarithm_bits();
  facts.max_finite = rungs.member(rungs.last);
  facts.min_finite = -facts.max_finite;
  facts.min_positive = facts.min_normal = rungs.member(rungs.first);
  facts.finite_values = 2 * static_cast<std::uint64_t>(rungs.last - rungs.first + 1) + 1;
  return facts;
}

double decode(const LnsFormat& format, std::uint32_t code) {
  if ((code & zero_code(format)) != 0) return 0;
  const LogLadder rungs = ladder(format);
  std::int64_t rung = code & (zero_code(format) - 1);
  if (rung >> (format.logarithm_bits() - 1) != 0) rung -= zero_code(format);
  const double magnitude =
      rung < rungs.first ? rungs.powers->estimate(rungs.position(rung)) : rungs.member(rung);
  return (code & sign_code(format)) != 0 ? -magnitude : magnitude;
}

std::uint32_t encode(const LnsFormat& format, double value) {
  if (value == 0) return zero_code(format);
  const LogLadder rungs = ladder(format);
  const double magnitude = std::abs(value);
  const std::int64_t rung =
      magnitude >= rungs.member(rungs.last) ? rungs.last : rungs.below(magnitude);
  const std::uint32_t logarithm = static_cast<std::uint32_t>(rung) & (zero_code(format) - 1);
  return value < 0 ? sign_code(format) | logarithm : logarithm;
}

double overflow(const LnsFormat& format, bool negative) {
  const LogLadder rungs = ladder(format);
  const double largest = rungs.member(rungs.last);
  return negative ? -largest : largest;
}

bool has_negative_zero(const LnsFormat& /*format*/) {
  return false;
}

const FormatFamily& lns_family() {
  static const FormatFamily family = {
      "lns",
      "lns<I>.<F>",
      "lns5.10",
      "Logarithmic number: sign, zero flag, and log2 of the magnitude in two's complement of I "
      "integer and F fraction bits; saturates. Products are sums of logarithms.",
      "Swartzlander and Alexopoulos, The Sign/Logarithm Number System, IEEE Trans. Computers, 1975",
      &parse,
      &from_json};
  return family;
}

}  // namespace mantissa::family
