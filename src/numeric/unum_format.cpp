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

constexpr int kMaxExponentSizeBits = 3;  // exponents of up to 8 bits, as in binary32
constexpr int kMaxFractionSizeBits =
    4;                             // fractions of up to 16 bits; 32 are more than binary32 has
constexpr int kMaxExponent = 127;  // of binary32

/// The fraction field, `fraction_bits` wide, of the largest number: the code with all ones is
/// infinity, unless that lies beyond binary32.
std::uint32_t max_fraction_field(const UnumFormat& format) {
  const std::uint32_t ones = (1U << format.fraction_bits()) - 1;
  return (1 << format.exponent_bits()) - 1 - format.bias() > kMaxExponent ? ones : ones - 1;
}

}  // namespace

int UnumFormat::max_exponent() const {
  return std::min((1 << exponent_bits()) - 1 - bias(), kMaxExponent);
}

double UnumFormat::max_finite() const {
  const std::uint32_t significand = (1U << fraction_bits()) | max_fraction_field(*this);
  return std::ldexp(significand, max_exponent() - fraction_bits());
}

double UnumFormat::min_positive() const {
  return std::ldexp(1.0, 1 - bias() - fraction_bits());
}

int UnumFormat::value_bits(double value) const {
  const int tag = 1 + exponent_size_bits + fraction_size_bits;  // the ubit and both sizes
  const int longest = 1 + exponent_bits() + fraction_bits();
  if (!std::isfinite(value)) return longest + tag;
  if (value == 0) return 1 + 1 + 1 + tag;
  int exponent = 0;
  const double fraction = std::frexp(std::abs(value), &exponent);
  --exponent;
  const auto significand = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  const int significant = 53 - std::countr_zero(significand);
  int best = longest;
  for (int size = 1; size <= exponent_bits(); ++size) {
    const int size_bias = (1 << (size - 1)) - 1;
    const int min_exponent = 1 - size_bias;
    if (exponent > (1 << size) - 1 - size_bias) continue;
    // Below 2^min_exponent the fraction holds the leading bit too.
    const int fraction_size = std::max(significant - 1 + std::max(min_exponent - exponent, 0), 1);
    if (fraction_size <= fraction_bits()) best = std::min(best, 1 + size + fraction_size);
  }
  return best + tag;
}

namespace family {
namespace {

std::optional<Format> parse(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "unum")) return std::nullopt;
  const std::optional<int> exponent_size = take_number(rest);
  if (!exponent_size || !take(rest, "_")) return std::nullopt;
  const std::optional<int> fraction_size = take_number(rest);
  if (!fraction_size || !rest.empty()) return std::nullopt;
  return checked_format(text, UnumFormat{*exponent_size, *fraction_size});
}

Format from_json(const nlohmann::json& object, std::string_view where) {
  require_known_keys(object, {"family", "exponent_size_bits", "fraction_size_bits"}, where);
  require_key(object, "exponent_size_bits", where);
  require_key(object, "fraction_size_bits", where);
  return Format(UnumFormat{json_int(object, "exponent_size_bits", 0, where),
                           json_int(object, "fraction_size_bits", 0, where)});
}

}  // namespace

std::string fault(const UnumFormat& format) {
  if (format.exponent_size_bits < 0 || format.fraction_size_bits < 0) {
    return "sizes have 0 bits or more";
  }
  if (format.exponent_size_bits > kMaxExponentSizeBits) {
    return "its exponents have up to 2^" + std::to_string(format.exponent_size_bits) +
           " bits, but those of binary32, which carries every format, 8";
  }
  if (format.fraction_size_bits > kMaxFractionSizeBits) {
    return "its fractions have up to 2^" + std::to_string(format.fraction_size_bits) +
           " bits, but those of binary32, which carries every format, 23";
  }
  return {};
}

UnumFormat nearest_possible(UnumFormat format) {
  format.exponent_size_bits = std::clamp(format.exponent_size_bits, 0, kMaxExponentSizeBits);
  format.fraction_size_bits = std::clamp(format.fraction_size_bits, 0, kMaxFractionSizeBits);
  return format;
}

std::string spelling(const UnumFormat& format) {
  return "unum" + std::to_string(format.exponent_size_bits) + "_" +
         std::to_string(format.fraction_size_bits);
}

nlohmann::json to_json(const UnumFormat& format) {
  return {{"family", "unum"},
          {"exponent_size_bits", format.exponent_size_bits},
          {"fraction_size_bits", format.fraction_size_bits}};
}

FormatFacts facts(const UnumFormat& format) {
  const auto steps = std::uint64_t{1} << format.fraction_bits();
  const auto binades = static_cast<std::uint64_t>(format.max_exponent() + format.bias());
  FormatFacts facts;
  facts.family = "unum";
  facts.storage_bits = format.value_bits(std::numeric_limits<double>::infinity());  // the longest
  facts.code_bits = 2 + format.exponent_bits() + format.fraction_bits();
  facts.significand_bits = format.fraction_bits() + 1;
  facts.exponent_bits = format.exponent_bits();
  facts.max_finite = format.max_finite();
  facts.min_finite = -facts.max_finite;
  facts.min_positive = format.min_positive();
  facts.min_normal = std::ldexp(1.0, 1 - format.bias());
  const std::uint64_t lost = steps - 1 - max_fraction_field(format);  // of the last binade
  facts.finite_values = 2 * ((binades + 1) * steps - 1 - lost) + 1;
  facts.has_infinity = true;
  facts.has_nan = true;
  facts.has_negative_zero = true;
  return facts;
}

/// A code is the longest encoding, without the sizes: sign, exponent, fraction, ubit. With the ubit
/// it means the values up to the next, of which the first stands here for all.
double decode(const UnumFormat& format, std::uint32_t code) {
  const bool inexact = code % 2 != 0;
  code >>= 1;
  const int fraction_bits = format.fraction_bits();
  const std::uint32_t ones = (1U << (format.exponent_bits() + fraction_bits)) - 1;
  const double sign = (code & ~ones) != 0 ? -1 : 1;
  if ((code & ones) == ones) {
    using Limits = std::numeric_limits<double>;
    return inexact ? Limits::quiet_NaN() : sign * Limits::infinity();
  }
  const auto field = static_cast<int>((code & ones) >> fraction_bits);
  const std::uint32_t fraction = code & ((1U << fraction_bits) - 1);
  const std::uint32_t significand = field == 0 ? fraction : fraction | (1U << fraction_bits);
  return sign * std::ldexp(significand, std::max(field, 1) - format.bias() - fraction_bits);
}

std::uint32_t encode(const UnumFormat& format, double value) {
  const int fraction_bits = format.fraction_bits();
  const std::uint32_t ones = (1U << (format.exponent_bits() + fraction_bits)) - 1;
  const std::uint32_t sign = std::signbit(value) ? (ones + 1) << 1 : 0;
  if (std::isnan(value)) return ones << 1 | 1U;
  if (std::isinf(value)) return sign | ones << 1;
  const double magnitude = std::abs(value);
  if (magnitude < std::ldexp(1.0, 1 - format.bias())) {
    return sign | static_cast<std::uint32_t>(magnitude / format.min_positive()) << 1;
  }
  const int exponent = std::ilogb(magnitude);
  const auto significand =
      static_cast<std::uint32_t>(std::ldexp(magnitude, fraction_bits - exponent));
  const auto field = static_cast<std::uint32_t>(exponent + format.bias());
  return sign | (field << fraction_bits | (significand - (1U << fraction_bits))) << 1;
}

double overflow(const UnumFormat& /*format*/, bool negative) {
  const double infinity = std::numeric_limits<double>::infinity();
  return negative ? -infinity : infinity;
}

bool has_negative_zero(const UnumFormat& /*format*/) {
  return true;
}

Neighbours neighbours(const UnumFormat& format, const ExactValue& value) {
  const int exponent = std::max(value.leading_exponent(), 1 - format.bias());
  const double largest = format.max_finite();
  if (exponent > format.max_exponent()) return {largest, largest, 0, false};
  return within(multiples_around(value, exponent - format.fraction_bits()), 0, largest);
}

const FormatFamily& unum_family() {
  static const FormatFamily family = {
      "unum",
      "unum<ESS>_<FSS>",
      "unum2_3",
      "Unum of type I with exponents of up to 2^ESS and fractions of up to 2^FSS bits, kept in the "
      "fewest bits that hold the value. Finite values never become infinite.",
      "Gustafson, The End of Error: Unum Computing, CRC Press, 2015",
      &parse,
      &from_json};
  return family;
}

}  // namespace family
}  // namespace mantissa
