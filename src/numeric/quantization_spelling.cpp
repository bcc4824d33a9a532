#include <nlohmann/json.hpp>

#include "numeric/family.h"
#include "numeric/format_file.h"
#include "numeric/json_fields.h"
#include "numeric/mac.h"
#include "numeric/mac_spelling.h"
#include "support/error.h"

namespace mantissa {
namespace {

constexpr std::string_view kScale = " scale=";

/// The format of a text without rounding and scaling, or the name of a scaled one.
Quantization parse_elements(std::string_view text) {
  Quantization quantization;
  if (parse_scaled_name(text, quantization)) return quantization;
  if (const std::optional<Format> format = family::parse_spelling(text)) {
    quantization.format = *format;
    return quantization;
  }
  if (const std::optional<FormatFile> file = find_format_file(text)) return file->quantization;
  return {parse_format(text), {}};  // which says what is wrong
}

void add_scaling(Quantization& quantization, std::string_view text) {
  if (quantization.scaling.scales()) {
    throw Error("", "\"" + spelling(quantization) + "\" has its scale already",
                "write the format of its elements: \"" + spelling(quantization.format) +
                    " scale=" + std::string(text) + "\"");
  }
  quantization.scaling = parse_scaling(text);
  require_scalable(quantization);
}

}  // namespace

void require_unscaled(const Quantization& quantization, std::string_view text) {
  if (!quantization.scaling.scales()) return;
  throw Error("",
              "\"" + std::string(text) +
                  "\" has scales, and only a weight, an activation or an error can have them",
              "the format of its elements is \"" + spelling(quantization.format) + "\"");
}

Quantization quantization_member(const nlohmann::json& object, std::string_view format_key,
                                 std::string_view rounding_key, std::string_view where) {
  Quantization quantization;
  if (const auto found = object.find(format_key); found != object.end()) {
    const std::string place = json_place(where, format_key);
    if (found->is_string()) {
      quantization = within(place, [&] { return parse_elements(found->get<std::string>()); });
    } else {
      quantization.format = format_from_json(*found, place);
    }
  }
  const std::string rounding = json_string(object, rounding_key, "rne", where);
  quantization.rounding =
      within(json_place(where, rounding_key), [&] { return parse_rounding(rounding); });
  return quantization;
}

Quantization unscaled_member(const nlohmann::json& object, std::string_view format_key,
                             std::string_view rounding_key, std::string_view where) {
  const Quantization quantization = quantization_member(object, format_key, rounding_key, where);
  within(json_place(where, format_key),
         [&] { require_unscaled(quantization, spelling(quantization)); });
  return quantization;
}

std::string spelling(const Quantization& quantization) {
  const std::string name = scaled_name(quantization);
  std::string text = name.empty() ? spelling(quantization.format) : name;
  if (quantization.rounding != RoundingMode{}) text += "/" + spelling(quantization.rounding);
  if (name.empty() && quantization.scaling.scales()) {
    text += std::string(kScale) + spelling(quantization.scaling);
  }
  return text;
}

Quantization parse_quantization(std::string_view text) {
  const std::size_t scale = text.find(kScale);
  const std::string_view unscaled = text.substr(0, scale);
  const std::size_t slash = unscaled.rfind('/');
  constexpr std::string_view kExtension = ".json";
  const bool is_path = unscaled.size() >= kExtension.size() &&
                       unscaled.substr(unscaled.size() - kExtension.size()) == kExtension;
  const bool has_rounding = slash != std::string_view::npos && !is_path;
  Quantization quantization = parse_elements(has_rounding ? unscaled.substr(0, slash) : unscaled);
  if (has_rounding) quantization.rounding = parse_rounding(unscaled.substr(slash + 1));
  if (scale != std::string_view::npos) {
    add_scaling(quantization, text.substr(scale + kScale.size()));
  }
  return quantization;
}

Quantization parse_unscaled(std::string_view text) {
  const Quantization quantization = parse_quantization(text);
  require_unscaled(quantization, text);
  return quantization;
}

Quantization quantization_from_json(const nlohmann::json& value, std::string_view where) {
  if (value.is_string()) {
    return within(where, [&] { return parse_quantization(value.get<std::string>()); });
  }
  Quantization quantization;
  const bool has_scale = value.is_object() && value.contains("scale");
  if (value.is_object() && value.contains("format")) {
    require_known_keys(value, {"format", "rounding", "scale"}, where);
    quantization = quantization_member(value, "format", "rounding", where);
  } else {
    nlohmann::json elements = value;
    if (has_scale) elements.erase("scale");
    quantization.format = format_from_json(elements, where);
  }
  if (has_scale) {
    const std::string scale = json_string(value, "scale", "", where);
    within(json_place(where, "scale"), [&] { add_scaling(quantization, scale); });
  }
  return quantization;
}

}  // namespace mantissa
