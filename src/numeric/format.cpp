#include "numeric/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/format_file.h"
#include "numeric/json_fields.h"
#include "numeric/quantize.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

struct Alias {
  std::string_view name;
  FloatFormat format;
};

constexpr std::array<Alias, 4> kAliases = {{
    {"fp32", {}},
    {"tf32", {8, 10, 127}},
    {"bf16", {8, 7, 127}},
    {"fp16", {5, 10, 15}},
}};

/// Distance from 1 to the next larger value; 0 where either is not a value.
double epsilon_of(const Format& format) {
  const RoundingMode up{Rounding::up, 0};
  if (round_to_format(1, format, up) != 1) return 0;
  const double next = round_to_format(std::nextafter(1.0, 2.0), format, up);
  return std::isfinite(next) ? next - 1 : 0;
}

/// Finite, and not out of the reach of binary32 as some codes of takums are.
bool is_member(double value, const FormatFacts& known) {
  return value == 0 || (value >= known.min_finite && value <= known.max_finite &&
                        std::abs(value) >= known.min_positive);
}

std::vector<std::string> known_names() {
  std::vector<std::string> names = format_file_names();
  for (const Alias& alias : kAliases) names.emplace_back(alias.name);
  for (const FormatFamily& family : families()) names.emplace_back(family.example);
  for (std::string& name : scaled_names()) names.push_back(std::move(name));
  return names;
}

}  // namespace

Format::Format(Parameters parameters) : parameters_(parameters) {
  std::visit(
      [](const auto& format) {
        const std::string reason = family::fault(format);
        if (reason.empty()) return;
        throw Error("", "the format is not possible: " + reason,
                    "did you mean \"" + family::spelling(family::nearest_possible(format)) + "\"?");
      },
      parameters_);
}

bool Format::is_fp32() const {
  return parameters_ == Parameters(FloatFormat{});
}

std::string spelling(const Format& format) {
  return std::visit([](const auto& parameters) { return family::spelling(parameters); },
                    format.parameters());
}

std::string display_name(const Format& format) {
  for (const Alias& alias : kAliases) {
    if (format.parameters() == Format::Parameters(alias.format)) return std::string(alias.name);
  }
  return spelling(format);
}

std::optional<Format> family::parse_spelling(std::string_view text) {
  for (const Alias& alias : kAliases) {
    if (alias.name == text) return alias.format;
  }
  for (const FormatFamily& family : families()) {
    if (const std::optional<Format> format = family.parse(text)) return *format;
  }
  return std::nullopt;
}

Format parse_format(std::string_view text) {
  if (const std::optional<Format> format = family::parse_spelling(text)) return *format;
  Quantization quantization;
  const std::optional<FormatFile> file = find_format_file(text);
  if (file) quantization = file->quantization;
  if (file || parse_scaled_name(text, quantization)) {
    require_unscaled(quantization, text);
    return quantization.format;
  }
  std::string hint = did_you_mean(text, known_names());
  if (hint.empty()) hint = "`mantissa formats` lists what there is";
  throw Error("", "no format is called \"" + std::string(text) + "\"", hint);
}

nlohmann::json to_json(const Format& format) {
  return std::visit([](const auto& parameters) { return family::to_json(parameters); },
                    format.parameters());
}

Format format_from_json(const nlohmann::json& value, std::string_view where) {
  try {
    if (value.is_string()) return parse_format(value.get<std::string>());
    if (!value.is_object()) {
      throw Error("", "expected a format, found " + std::string(value.type_name()),
                  "write a spelling (\"e4m3fn\") or an object with a \"family\"");
    }
  } catch (const Error& error) {
    throw error.within(where);
  }
  require_key(value, "family", where);
  const std::string name = json_string(value, "family", "", where);
  std::vector<std::string> candidates;
  for (const FormatFamily& family : families()) {
    candidates.emplace_back(family.name);
    if (family.name != name) continue;
    try {
      return family.from_json(value, where);
    } catch (const Error& error) {
      if (!error.where().empty()) throw;
      throw error.within(where);
    }
  }
  throw Error(json_place(where, "family"), "no family is called \"" + name + "\"",
              suggestion(name, candidates));
}

FormatFacts facts(const Format& format) {
  FormatFacts facts = std::visit([](const auto& parameters) { return family::facts(parameters); },
                                 format.parameters());
  facts.epsilon = epsilon_of(format);
  return facts;
}

double mean_storage_bits(std::span<const float> values, const Format& format) {
  const auto* unum = std::get_if<UnumFormat>(&format.parameters());
  if (unum == nullptr || values.empty()) return facts(format).storage_bits;
  std::int64_t bits = 0;
  for (const float value : values) bits += unum->value_bits(static_cast<double>(value));
  return static_cast<double>(bits) / static_cast<double>(values.size());
}

std::vector<double> finite_values(const Format& format) {
  const FormatFacts known = facts(format);
  const int bits = known.code_bits;
  if (bits > 16) {
    throw Error("", "\"" + spelling(format) + "\" has more than 2^16 codes, too many to list");
  }
  std::vector<double> values;
  for (std::uint32_t code = 0; code < (1U << bits); ++code) {
    const double value = decode(format, code);
    if (is_member(value, known)) values.push_back(value + 0.0);  // + 0 turns -0 into +0
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

double decode(const Format& format, std::uint32_t code) {
  return std::visit([code](const auto& parameters) { return family::decode(parameters, code); },
                    format.parameters());
}

std::optional<std::uint32_t> encode(const Format& format, double value) {
  const FormatFacts known = facts(format);
  if (std::isnan(value) && !known.has_nan) return std::nullopt;
  if (std::isinf(value) && !known.has_infinity) return std::nullopt;
  if (value == 0 && std::signbit(value) && !known.has_negative_zero) return std::nullopt;
  if (std::isfinite(value) && round_to_format(value, format, {}) != value) return std::nullopt;
  return std::visit([value](const auto& parameters) { return family::encode(parameters, value); },
                    format.parameters());
}

const std::vector<FormatFamily>& families() {
  static const std::vector<FormatFamily> table = {
      family::float_family(), family::fixed_family(),        family::posit_family(),
      family::takum_family(), family::linear_takum_family(), family::lns_family(),
      family::unum_family()};
  return table;
}

std::ostream& operator<<(std::ostream& stream, const Format& format) {
  return stream << display_name(format);
}

}  // namespace mantissa
