#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/json_fields.h"
#include "numeric/spelling_parts.h"

namespace mantissa {
namespace {

constexpr int kStandardExponentBits = 2;
constexpr int kCarrierFraction = 23;
constexpr int kCarrierExponent = 126;  // 2^-126 and 2^126 are normal binary32 numbers
constexpr int kMaxExponentBits = 6;    // with 7, 2^2^7 would be next to 1

/// 2^exponent = useed^regime * 2^rest.
int regime(const PositFormat& format, int exponent) {
  return exponent >> format.exponent_bits;
}

/// Bits left behind the sign and the regime, its ending bit included.
int bits_behind_regime(const PositFormat& format, int exponent) {
  const int k = regime(format, exponent);
  return format.bits - 1 - (k >= 0 ? k + 2 : 1 - k);
}

/// The last bit of the code of the power of two 2^exponent, a posit without fraction bits.
bool power_is_odd(const PositFormat& format, int exponent) {
  const int behind = bits_behind_regime(format, exponent);
  if (behind <= 0) {
    // The regime of the largest is all ones; others end with the bit that ends the regime.
    return exponent < 0 || exponent == format.max_exponent();
  }
  const int cut = format.exponent_bits - behind;
  return (exponent >> cut) % 2 != 0;
}

std::int64_t sign_extended(std::uint32_t code, int bits) {
  const std::int64_t number = code & ((std::uint64_t{1} << bits) - 1);
  return number >> (bits - 1) != 0 ? number - (std::int64_t{1} << bits) : number;
}

}  // namespace

int PositFormat::max_exponent() const {
  return (bits - 2) << exponent_bits;
}

int PositFormat::fraction_bits(int exponent) const {
  return bits_behind_regime(*this, exponent) - exponent_bits;
}

namespace family {
namespace {

std::optional<Format> parse(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "posit")) return std::nullopt;
  const std::optional<int> bits = take_number(rest);
  if (!bits) return std::nullopt;
  PositFormat format{*bits, kStandardExponentBits};
  if (rest.empty()) return checked_format(text, format);
  if (!take(rest, "es")) return std::nullopt;
  const std::optional<int> exponent_bits = take_number(rest);
  if (!exponent_bits || !rest.empty()) return std::nullopt;
  format.exponent_bits = *exponent_bits;
  return checked_format(text, format,
                        "posit" + std::to_string(*bits) + "es" + std::to_string(*exponent_bits));
}

Format from_json(const nlohmann::json& object, std::string_view where) {
  require_known_keys(object, {"family", "bits", "exponent_bits"}, where);
  require_key(object, "bits", where);
  return Format(PositFormat{json_int(object, "bits", 0, where),
                            json_int(object, "exponent_bits", kStandardExponentBits, where)});
}

}  // namespace

std::string fault(const PositFormat& format) {
  if (format.bits < 2) return "a posit has at least 2 bits";
  if (format.exponent_bits < 0 || format.exponent_bits > kMaxExponentBits) {
    return "posits have 0 to " + std::to_string(kMaxExponentBits) + " exponent bits";
  }
  const int most_fraction_bits = format.bits - 3 - format.exponent_bits;
  if (most_fraction_bits > kCarrierFraction) {
    return "its values near 1 have " + std::to_string(most_fraction_bits) +
           " fraction bits, but those of binary32, which carries every format, 23";
  }
  if (format.max_exponent() > kCarrierExponent) {
    return "its largest value is 2^" + std::to_string(format.max_exponent()) +
           " and its smallest the reciprocal, but binary32, which carries every format, holds "
           "2^126 "
           "and 2^-126 at most";
  }
  return {};
}

PositFormat nearest_possible(PositFormat format) {
  format.exponent_bits = std::clamp(format.exponent_bits, 0, kMaxExponentBits);
  const int by_fraction = kCarrierFraction + 3 + format.exponent_bits;
  const int by_range = (kCarrierExponent >> format.exponent_bits) + 2;
  format.bits = std::clamp(format.bits, 2, std::min(by_fraction, by_range));
  return format;
}

std::string spelling(const PositFormat& format) {
  std::string text = "posit" + std::to_string(format.bits);
  if (format.exponent_bits != kStandardExponentBits) {
    text += "es" + std::to_string(format.exponent_bits);
  }
  return text;
}

nlohmann::json to_json(const PositFormat& format) {
  return {{"family", "posit"}, {"bits", format.bits}, {"exponent_bits", format.exponent_bits}};
}

FormatFacts facts(const PositFormat& format) {
  FormatFacts facts;
  facts.family = "posit";
  facts.storage_bits = facts.code_bits = format.bits;
  // Of the widest significand, and of the sum of regime and exponent: what a decoder hands on.
  facts.significand_bits = std::max(format.bits - 3 - format.exponent_bits, 0) + 1;
  facts.exponent_bits =
      std::bit_width(static_cast<unsigned>(std::max(format.max_exponent(), 1))) + 1;
  facts.max_finite = std::ldexp(1.0, format.max_exponent());
  facts.min_finite = -facts.max_finite;
  facts.min_positive = facts.min_normal = 1 / facts.max_finite;
  facts.finite_values = (std::uint64_t{1} << format.bits) - 1;  // all codes but NaR
  facts.has_nan = true;
  return facts;
}

double decode(const PositFormat& format, std::uint32_t code) {
  const std::int64_t number = sign_extended(code, format.bits);
  if (number == 0) return 0;
  if (number == -(std::int64_t{1} << (format.bits - 1))) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  // Left-aligned behind the sign, so that the absent bits are zeros.
  const auto aligned = static_cast<std::uint32_t>(std::abs(number) << (33 - format.bits));
  const bool ones = aligned >> 31 != 0;
  const int run =
      std::min(ones ? std::countl_one(aligned) : std::countl_zero(aligned), format.bits - 1);
  const std::uint64_t rest = std::uint64_t{aligned} << (run + 1) & 0xFFFFFFFF;
  const auto exponent_field = static_cast<int>(rest >> (32 - format.exponent_bits));
  const std::uint64_t fraction = rest << format.exponent_bits & 0xFFFFFFFF;
  const int exponent = ((ones ? run - 1 : -run) << format.exponent_bits) + exponent_field;
  const double magnitude = std::ldexp(1 + std::ldexp(static_cast<double>(fraction), -32), exponent);
  return number < 0 ? -magnitude : magnitude;
}

std::uint32_t encode(const PositFormat& format, double value) {
  const std::uint32_t mask = format.bits == 32 ? ~0U : (1U << format.bits) - 1;
  if (std::isnan(value)) return 1U << (format.bits - 1);
  if (value == 0) return 0;
  const int exponent = std::ilogb(value);
  const int k = regime(format, exponent);
  const int run = k >= 0 ? k + 1 : -k;
  // Regime, exponent and fraction as one string of bits, of which the first bits - 1 are kept; a
  // member has only zeros behind them.
  const auto significand =
      static_cast<std::uint64_t>(std::ldexp(std::abs(value), kCarrierFraction - exponent));
  const auto exponent_field =
      static_cast<std::uint64_t>(exponent - k * (1 << format.exponent_bits));
  const std::uint64_t fraction = significand - (std::uint64_t{1} << kCarrierFraction);
  const std::uint64_t tail = exponent_field << kCarrierFraction | fraction;
  const int tail_bits = format.exponent_bits + kCarrierFraction;
  const std::uint64_t head = k >= 0 ? ((std::uint64_t{1} << run) - 1) << 1 : 1;
  const std::uint64_t string = head << tail_bits | tail;
  const int excess = run + 1 + tail_bits - (format.bits - 1);
  const auto code = static_cast<std::uint32_t>(excess >= 0 ? string >> excess : string << -excess);
  return (value < 0 ? 0U - code : code) & mask;
}

double overflow(const PositFormat& /*format*/, bool negative) {
  return std::copysign(std::numeric_limits<double>::quiet_NaN(), negative ? -1.0 : 1.0);
}

bool has_negative_zero(const PositFormat& /*format*/) {
  return false;
}

Neighbours neighbours(const PositFormat& format, const ExactValue& value) {
  const int exponent = value.leading_exponent();
  const int max_exponent = format.max_exponent();
  if (exponent >= max_exponent || exponent < -max_exponent) {
    const double end = std::ldexp(1.0, exponent < 0 ? -max_exponent : max_exponent);
    return {end, end, 0, false};
  }
  const int fraction_bits = format.fraction_bits(exponent);
  if (fraction_bits > 0) return multiples_around(value, exponent - fraction_bits);
  // The code of 1 bit more that lies between is what the standard compares with.
  const int cut = -fraction_bits;
  const int low = (exponent >> cut) * (1 << cut);
  Neighbours found = cut == 0 ? multiples_around(value, exponent)
                              : powers_around(value, low, low + (1 << cut), low + (1 << (cut - 1)));
  found.below_is_odd = power_is_odd(format, low);
  return found;
}

const FormatFamily& posit_family() {
  static const FormatFamily family = {
      "posit",
      "posit<N>[es<ES>]",
      "posit16",
      "Tapered floating point of N bits with up to ES exponent bits, 2 unless said: most precise "
      "near 1. No infinity; results are never rounded to zero or NaR.",
      "Posit Working Group, Standard for Posit Arithmetic, 2022",
      &parse,
      &from_json};
  return family;
}

}  // namespace family
}  // namespace mantissa
