#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/json_fields.h"
#include "numeric/spelling_parts.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa::family {
namespace {

constexpr std::array<std::pair<Specials, std::string_view>, 5> kSpecials = {{
    {Specials::unsigned_zero_nan, "fnuz"},  // before `fn`, which it begins with
    {Specials::finite_nan, "fn"},
    {Specials::unsigned_zero, "uz"},
    {Specials::none, "fin"},
    {Specials::ieee, "ieee"},
}};

std::string_view specials_name(Specials specials) {
  for (const auto& entry : kSpecials) {
    if (entry.first == specials) return entry.second;
  }
  return "ieee";
}

bool take_specials(std::string_view& text, FloatFormat& format) {
  for (const auto& [specials, name] : kSpecials) {
    if (specials == Specials::ieee || !take(text, name)) continue;
    format.specials = specials;
    return true;
  }
  return false;
}

/// Takes the suffixes off the front of `text`, in any order; false if there is something else.
bool take_suffixes(std::string_view& text, FloatFormat& format, std::optional<int>& bias) {
  while (!text.empty()) {
    if (take_specials(text, format)) continue;
    if (take(text, "nosub")) {
      format.subnormals = false;
    } else if (take(text, "sat")) {
      format.saturates = true;
    } else if (take(text, "b")) {
      bias = take_number(text, true);
      if (!bias) return false;
    } else {
      return false;
    }
  }
  return true;
}

std::string spelling_with_bias(const FloatFormat& format, bool explicit_bias) {
  std::string text =
      "e" + std::to_string(format.exponent_bits) + "m" + std::to_string(format.fraction_bits);
  if (format.specials != Specials::ieee) text += specials_name(format.specials);
  if (explicit_bias) text += "b" + std::to_string(format.bias);
  if (!format.subnormals) text += "nosub";
  if (format.saturates) text += "sat";
  return text;
}

/// Spellings with suffixes, of the formats with these bits and their default biases.
std::vector<std::string> spellings_with_suffixes(int exponent_bits, int fraction_bits) {
  std::vector<std::string> spellings;
  const auto add = [&](Specials specials, bool subnormals, bool saturates) {
    const int bias = FloatFormat::default_bias(exponent_bits, specials);
    const FloatFormat format = {exponent_bits, fraction_bits, bias,
                                specials,      subnormals,    saturates};
    if (fault(format).empty()) spellings.push_back(spelling(format));
  };
  for (const auto& entry : kSpecials) {
    if (entry.first != Specials::ieee) add(entry.first, true, false);
    add(entry.first, true, true);
    add(entry.first, false, false);
    add(entry.first, false, true);
  }
  return spellings;
}

[[noreturn]] void refuse_suffix(std::string_view text, const FloatFormat& format) {
  // Without a suffix is not among them: whoever wrote something there hardly meant nothing.
  std::string hint =
      did_you_mean(text, spellings_with_suffixes(std::clamp(format.exponent_bits, 1, 8),
                                                 std::clamp(format.fraction_bits, 0, 23)));
  if (hint.empty()) hint = "suffixes are fn, fnuz, uz or fin, b<bias>, nosub, sat";
  throw Error("", "no format is called \"" + std::string(text) + "\"", hint);
}

std::optional<Format> parse(std::string_view text) {
  std::string_view rest = text;
  FloatFormat format;
  if (!take(rest, "e")) return std::nullopt;
  const std::optional<int> exponent_bits = take_number(rest);
  if (!exponent_bits || !take(rest, "m")) return std::nullopt;
  const std::optional<int> fraction_bits = take_number(rest);
  if (!fraction_bits) return std::nullopt;
  format.exponent_bits = *exponent_bits;
  format.fraction_bits = *fraction_bits;
  std::optional<int> bias;
  if (!take_suffixes(rest, format, bias)) refuse_suffix(text, format);
  const int bounded_bits = std::clamp(format.exponent_bits, 1, 8);
  format.bias = bias.value_or(FloatFormat::default_bias(bounded_bits, format.specials));
  return checked_format(text, format, spelling_with_bias(format, bias.has_value()));
}

Specials specials_from_json(const nlohmann::json& object, std::string_view where) {
  const std::string name = json_string(object, "specials", "ieee", where);
  std::vector<std::string> candidates;
  for (const auto& entry : kSpecials) {
    if (entry.second == name) return entry.first;
    candidates.emplace_back(entry.second);
  }
  throw Error(json_place(where, "specials"), "\"" + name + "\" are no special values",
              suggestion(name, candidates));
}

Format from_json(const nlohmann::json& object, std::string_view where) {
  require_known_keys(
      object,
      {"family", "exponent_bits", "fraction_bits", "bias", "specials", "subnormals", "saturates"},
      where);
  require_key(object, "exponent_bits", where);
  require_key(object, "fraction_bits", where);
  FloatFormat format;
  format.exponent_bits = json_int(object, "exponent_bits", 0, where);
  format.fraction_bits = json_int(object, "fraction_bits", 0, where);
  format.specials = specials_from_json(object, where);
  const int bounded_bits = std::clamp(format.exponent_bits, 1, 8);
  format.bias =
      json_int(object, "bias", FloatFormat::default_bias(bounded_bits, format.specials), where);
  format.subnormals = json_bool(object, "subnormals", true, where);
  format.saturates = json_bool(object, "saturates", false, where);
  return Format(format);
}

}  // namespace

std::string spelling(const FloatFormat& format) {
  return spelling_with_bias(
      format, format.bias != FloatFormat::default_bias(format.exponent_bits, format.specials));
}

nlohmann::json to_json(const FloatFormat& format) {
  return {{"family", "float"},
          {"exponent_bits", format.exponent_bits},
          {"fraction_bits", format.fraction_bits},
          {"bias", format.bias},
          {"specials", specials_name(format.specials)},
          {"subnormals", format.subnormals},
          {"saturates", format.saturates}};
}

const FormatFamily& float_family() {
  static const FormatFamily family = {
      "float",
      "e<X>m<Y>[fn|fnuz|uz|fin][b<K>][nosub][sat]",
      "e4m3fn",
      "Binary floating point with X exponent and Y fraction bits. fn: no infinity, one NaN; fnuz: "
      "no infinity, NaN in the "
      "place of -0, bias one larger; uz: the same with infinities; fin: neither infinity nor NaN; "
      "b<K>: bias K; nosub: subnormals become 0; sat: overflow saturates.",
      "IEEE 754-2019, section 3; OCP 8-bit Floating Point Specification, revision 1.0; IEEE P3109",
      &parse,
      &from_json};
  return family;
}

}  // namespace mantissa::family
