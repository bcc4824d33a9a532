#include <charconv>
#include <ostream>

#include <nlohmann/json.hpp>

#include "numeric/json_fields.h"
#include "numeric/mac.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr std::string_view kChunk = "/chunk";
constexpr std::string_view kProduct = " product=";
constexpr std::string_view kScale = " scale=";
constexpr int kMaxChunk = 1 << 20;

/// Runs `read`, with `where` put before the place of an Error that it throws.
template <typename Read>
auto at(std::string_view where, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw error.within(where);
  }
}

void require_chunk(int chunk, std::string_view where) {
  if (chunk >= 1 && chunk <= kMaxChunk) return;
  throw Error(where, "a chunk has 1 to " + std::to_string(kMaxChunk) + " products",
              "leave it out to sum without chunks");
}

int parse_chunk(std::string_view digits, std::string_view text) {
  int chunk = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), chunk);
  const bool whole = end == digits.data() + digits.size() && status == std::errc();
  if (!whole || chunk < 1 || chunk > kMaxChunk || digits.front() == '0') {
    throw Error("",
                "\"" + std::string(text) + "\" is no accumulator: the size of a chunk is 1 to " +
                    std::to_string(kMaxChunk),
                "write for instance \"e5m10/chunk64\"");
  }
  return chunk;
}

/// The format of a text without rounding and scaling, or the name of a scaled one.
Quantization parse_elements(std::string_view text) {
  Quantization quantization;
  if (parse_scaled_name(text, quantization)) return quantization;
  quantization.format = parse_format(text);
  return quantization;
}

void add_scaling(Quantization& quantization, std::string_view text) {
  if (quantization.scaling.scales()) {
    throw Error("", "\"" + scaled_name(quantization) + "\" has its scale already",
                "write the format of its elements: \"" + spelling(quantization.format) +
                    " scale=" + std::string(text) + "\"");
  }
  quantization.scaling = parse_scaling(text);
  require_scalable(quantization);
}

void require_unscaled(const Quantization& quantization) {
  if (!quantization.scaling.scales()) return;
  throw Error("",
              "\"" + spelling(quantization) +
                  "\" has scales, and only a weight, an activation or an error can have them",
              "the format of its elements is \"" + spelling(quantization.format) + "\"");
}

/// Reads `<A>[/chunk<C>[:<chunk accumulator>]]`.
void parse_accumulators(std::string_view text, Mac& mac) {
  const std::size_t chunk = text.find(kChunk);
  mac.accumulator = parse_unscaled(text.substr(0, chunk));
  if (chunk == std::string_view::npos) return;
  const std::string_view behind = text.substr(chunk + kChunk.size());
  const std::size_t colon = behind.find(':');
  mac.chunk = parse_chunk(behind.substr(0, colon), text);
  mac.chunk_accumulator =
      colon == std::string_view::npos ? mac.accumulator : parse_unscaled(behind.substr(colon + 1));
}

Quantization quantization_member(const nlohmann::json& object, std::string_view format_key,
                                 std::string_view rounding_key, std::string_view where) {
  Quantization quantization;
  if (const auto found = object.find(format_key); found != object.end()) {
    const std::string place = json_place(where, format_key);
    if (found->is_string()) {
      quantization = at(place, [&] { return parse_elements(found->get<std::string>()); });
    } else {
      quantization.format = format_from_json(*found, place);
    }
  }
  const std::string rounding = json_string(object, rounding_key, "rne", where);
  quantization.rounding =
      at(json_place(where, rounding_key), [&] { return parse_rounding(rounding); });
  return quantization;
}

/// The same of a product or a sum.
Quantization unscaled_member(const nlohmann::json& object, std::string_view format_key,
                             std::string_view rounding_key, std::string_view where) {
  const Quantization quantization = quantization_member(object, format_key, rounding_key, where);
  at(json_place(where, format_key), [&] { require_unscaled(quantization); });
  return quantization;
}

void require_together(const nlohmann::json& object, std::string_view key, std::string_view needs,
                      std::string_view where) {
  if (object.contains(key) && !object.contains(needs)) {
    throw Error(json_place(where, key), "has no meaning without \"" + std::string(needs) + "\"");
  }
}

}  // namespace

bool Mac::is_fp32() const {
  return *this == Mac{};
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
  require_unscaled(quantization);
  return quantization;
}

Quantization quantization_from_json(const nlohmann::json& value, std::string_view where) {
  if (value.is_string()) {
    return at(where, [&] { return parse_quantization(value.get<std::string>()); });
  }
  if (!value.is_object() || !value.contains("format")) return {format_from_json(value, where), {}};
  require_known_keys(value, {"format", "rounding", "scale"}, where);
  Quantization quantization = quantization_member(value, "format", "rounding", where);
  if (value.contains("scale")) {
    const std::string scale = json_string(value, "scale", "", where);
    at(json_place(where, "scale"), [&] { add_scaling(quantization, scale); });
  }
  return quantization;
}

std::string spelling(const Mac& mac) {
  std::string text = spelling(mac.accumulator);
  if (mac.chunk > 0) {
    text += std::string(kChunk) + std::to_string(mac.chunk);
    if (mac.chunk_accumulator != mac.accumulator) text += ":" + spelling(mac.chunk_accumulator);
  }
  if (mac.rounds_product) text += std::string(kProduct) + spelling(mac.product);
  return text;
}

Mac parse_mac(std::string_view text) {
  Mac mac;
  const std::size_t blank = text.find(' ');
  parse_accumulators(text.substr(0, blank), mac);
  if (blank == std::string_view::npos) return mac;
  const std::string_view behind = text.substr(blank);
  if (behind.substr(0, kProduct.size()) != kProduct) {
    throw Error("",
                "\"" + std::string(text) + "\" is no accumulator: found \"" +
                    std::string(behind.substr(1)) + "\" behind the blank",
                "write for instance \"e5m10 product=e5m7\"");
  }
  const std::string_view product = behind.substr(kProduct.size());
  if (product == "exact") return mac;
  mac.product = parse_unscaled(product);
  mac.rounds_product = true;
  return mac;
}

Mac mac_from_json(const nlohmann::json& value, std::string_view where) {
  if (value.is_string()) {
    return at(where, [&] { return parse_mac(value.get<std::string>()); });
  }
  require_known_keys(value,
                     {"accumulator", "rounding", "product", "product_rounding", "chunk",
                      "chunk_accumulator", "chunk_rounding"},
                     where);
  Mac mac;
  mac.accumulator = unscaled_member(value, "accumulator", "rounding", where);
  require_together(value, "product_rounding", "product", where);
  if (value.contains("product") && value["product"] != "exact") {
    mac.product = unscaled_member(value, "product", "product_rounding", where);
    mac.rounds_product = true;
  }
  require_together(value, "chunk_accumulator", "chunk", where);
  require_together(value, "chunk_rounding", "chunk_accumulator", where);
  if (!value.contains("chunk")) return mac;
  mac.chunk = json_int(value, "chunk", 0, where);
  require_chunk(mac.chunk, json_place(where, "chunk"));
  mac.chunk_accumulator = value.contains("chunk_accumulator")
                              ? unscaled_member(value, "chunk_accumulator", "chunk_rounding", where)
                              : mac.accumulator;
  return mac;
}

nlohmann::json to_json(const Mac& mac) {
  nlohmann::json object = {{"accumulator", spelling(mac.accumulator.format)},
                           {"rounding", spelling(mac.accumulator.rounding)}};
  if (mac.rounds_product) {
    object["product"] = spelling(mac.product.format);
    object["product_rounding"] = spelling(mac.product.rounding);
  }
  if (mac.chunk > 0) {
    object["chunk"] = mac.chunk;
    object["chunk_accumulator"] = spelling(mac.chunk_accumulator.format);
    object["chunk_rounding"] = spelling(mac.chunk_accumulator.rounding);
  }
  return object;
}

}  // namespace mantissa
