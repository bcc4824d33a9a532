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

/// Reads `<A>[/chunk<C>[:<chunk accumulator>]]`.
void parse_accumulators(std::string_view text, Mac& mac) {
  const std::size_t chunk = text.find(kChunk);
  mac.accumulator = parse_quantization(text.substr(0, chunk));
  if (chunk == std::string_view::npos) return;
  const std::string_view behind = text.substr(chunk + kChunk.size());
  const std::size_t colon = behind.find(':');
  mac.chunk = parse_chunk(behind.substr(0, colon), text);
  mac.chunk_accumulator = colon == std::string_view::npos
                              ? mac.accumulator
                              : parse_quantization(behind.substr(colon + 1));
}

Quantization quantization_member(const nlohmann::json& object, std::string_view format_key,
                                 std::string_view rounding_key, std::string_view where) {
  Quantization quantization;
  if (const auto found = object.find(format_key); found != object.end()) {
    quantization.format = format_from_json(*found, json_place(where, format_key));
  }
  const std::string rounding = json_string(object, rounding_key, "rne", where);
  quantization.rounding =
      at(json_place(where, rounding_key), [&] { return parse_rounding(rounding); });
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
  std::string text = spelling(quantization.format);
  if (quantization.rounding != RoundingMode{}) text += "/" + spelling(quantization.rounding);
  return text;
}

Quantization parse_quantization(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  constexpr std::string_view kExtension = ".json";
  const bool is_path = text.size() >= kExtension.size() &&
                       text.substr(text.size() - kExtension.size()) == kExtension;
  if (slash == std::string_view::npos || is_path) return {parse_format(text), {}};
  const Format format = parse_format(text.substr(0, slash));
  return {format, parse_rounding(text.substr(slash + 1))};
}

Quantization quantization_from_json(const nlohmann::json& value, std::string_view where) {
  if (value.is_string()) {
    return at(where, [&] { return parse_quantization(value.get<std::string>()); });
  }
  if (value.is_object() && value.contains("format")) {
    require_known_keys(value, {"format", "rounding"}, where);
    return quantization_member(value, "format", "rounding", where);
  }
  return {format_from_json(value, where), {}};
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
  mac.product = parse_quantization(product);
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
  mac.accumulator = quantization_member(value, "accumulator", "rounding", where);
  require_together(value, "product_rounding", "product", where);
  if (value.contains("product") && value["product"] != "exact") {
    mac.product = quantization_member(value, "product", "product_rounding", where);
    mac.rounds_product = true;
  }
  require_together(value, "chunk_accumulator", "chunk", where);
  require_together(value, "chunk_rounding", "chunk_accumulator", where);
  if (!value.contains("chunk")) return mac;
  mac.chunk = json_int(value, "chunk", 0, where);
  require_chunk(mac.chunk, json_place(where, "chunk"));
  mac.chunk_accumulator =
      value.contains("chunk_accumulator")
          ? quantization_member(value, "chunk_accumulator", "chunk_rounding", where)
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
