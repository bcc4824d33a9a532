#include <ostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "numeric/json_fields.h"
#include "numeric/mac.h"
#include "numeric/mac_spelling.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

void require_chunk(int chunk, std::string_view where) {
  if (chunk >= 1 && chunk <= kMaxChunk) return;
  throw Error(where, "a chunk has 1 to " + std::to_string(kMaxChunk) + " products",
              "leave it out to sum without chunks");
}

void require_together(const nlohmann::json& object, std::string_view key, std::string_view needs,
                      std::string_view where) {
  if (object.contains(key) && !object.contains(needs)) {
    throw Error(json_place(where, key), "has no meaning without \"" + std::string(needs) + "\"");
  }
}

Summation summation_member(const nlohmann::json& object, std::string_view where) {
  const std::string word = json_string(object, "accumulation", "chain", where);
  if (const std::optional<Summation> found = find_summation(word)) return *found;
  std::vector<std::string> known;
  known.reserve(kSummationWords.size());
  for (const SummationWord& entry : kSummationWords) known.emplace_back(entry.word);
  throw Error(json_place(where, "accumulation"), "no sum is called \"" + word + "\"",
              suggestion(word, known));
}

void read_block(const nlohmann::json& object, std::string_view where, Mac& mac) {
  for (const char* key : {"fraction_bits", "block", "cut"}) {
    if (object.contains(key) && mac.summation != Summation::aligned) {
      throw Error(json_place(where, key), "has no meaning without \"accumulation\": \"aligned\"");
    }
  }
  if (mac.summation != Summation::aligned) return;
  mac.block.fraction_bits = json_int(object, "fraction_bits", mac.block.fraction_bits, where);
  mac.block.products = json_int(object, "block", mac.block.products, where);
  const std::string cut = json_string(object, "cut", "rtz", where);
  mac.block.cut = within(json_place(where, "cut"), [&] { return parse_rounding(cut); });
}

void read_sum(const nlohmann::json& object, std::string_view where, Mac& mac) {
  if (!object.contains("unit")) {
    mac.summation = summation_member(object, where);
    mac.accumulator = unscaled_member(object, "accumulator", "rounding", where);
    read_block(object, where, mac);
    return;
  }
  for (const char* key :
       {"accumulation", "accumulator", "rounding", "fraction_bits", "block", "cut"}) {
    if (object.contains(key)) {
      throw Error(json_place(where, key), "is a property of the \"unit\"",
                  "leave out one of the two");
    }
  }
  const std::string name = json_string(object, "unit", "", where);
  std::vector<std::string> known;
  for (const MatrixUnit& unit : matrix_units()) {
    if (unit.name == name) {
      mac = parse_mac(unit.spelling);
      return;
    }
    known.emplace_back(unit.name);
  }
  throw Error(json_place(where, "unit"), "no matrix unit is called \"" + name + "\"",
              suggestion(name, known));
}

void read_multiplier(const nlohmann::json& object, std::string_view where, Mac& mac) {
  if (const auto operands = object.find("operands"); operands != object.end()) {
    const std::string place = json_place(where, "operands");
    if (!operands->is_array() || operands->size() != 2) {
      throw Error(place, "expected an array of two formats",
                  R"(write for instance ["e4m3fn", "e5m2"])");
    }
    mac.left_operand = format_from_json((*operands)[0], json_place(place, "0"));
    mac.right_operand = format_from_json((*operands)[1], json_place(place, "1"));
  }
  const std::string multiplier = json_string(object, "multiplier", "exact", where);
  mac.multiplier = within(json_place(where, "multiplier"), [&] {
    return parse_multiplier(multiplier, mac.left_operand, mac.right_operand);
  });
}

void read_chunk(const nlohmann::json& object, std::string_view where, Mac& mac) {
  require_together(object, "chunk_accumulator", "chunk", where);
  require_together(object, "chunk_rounding", "chunk_accumulator", where);
  if (!object.contains("chunk")) return;
  mac.chunk = json_int(object, "chunk", 0, where);
  require_chunk(mac.chunk, json_place(where, "chunk"));
  mac.chunk_accumulator =
      object.contains("chunk_accumulator")
          ? unscaled_member(object, "chunk_accumulator", "chunk_rounding", where)
          : mac.accumulator;
}

}  // namespace

bool Mac::is_fp32() const {
  return *this == Mac{};
}

Mac mac_from_json(const nlohmann::json& value, std::string_view where) {
  if (value.is_string()) {
    return within(where, [&] { return parse_mac(value.get<std::string>()); });
  }
  require_known_keys(value,
                     {"accumulator", "rounding", "product", "product_rounding", "chunk",
                      "chunk_accumulator", "chunk_rounding", "accumulation", "fraction_bits",
                      "block", "cut", "unit", "multiplier", "operands"},
                     where);
  Mac mac;
  read_sum(value, where, mac);
  require_together(value, "product_rounding", "product", where);
  if (value.contains("product") && value["product"] != "exact") {
    mac.product = unscaled_member(value, "product", "product_rounding", where);
    mac.rounds_product = true;
  }
  read_chunk(value, where, mac);
  read_multiplier(value, where, mac);
  within(where, [&] { require_possible(mac); });
  return mac;
}

nlohmann::json to_json(const Mac& mac) {
  nlohmann::json object = {{"accumulator", spelling(mac.accumulator.format)},
                           {"rounding", spelling(mac.accumulator.rounding)}};
  for (const SummationWord& known : kSummationWords) {
    const bool stated = mac.summation != Summation::chain && known.summation == mac.summation;
    if (stated) object["accumulation"] = known.word;
  }
  if (mac.summation == Summation::aligned) {
    object["fraction_bits"] = mac.block.fraction_bits;
    object["block"] = mac.block.products;
    object["cut"] = spelling(mac.block.cut);
  }
  if (mac.rounds_product) {
    object["product"] = spelling(mac.product.format);
    object["product_rounding"] = spelling(mac.product.rounding);
  }
  if (mac.chunk > 0) {
    object["chunk"] = mac.chunk;
    object["chunk_accumulator"] = spelling(mac.chunk_accumulator.format);
    object["chunk_rounding"] = spelling(mac.chunk_accumulator.rounding);
  }
  if (!mac.multiplier.is_exact()) object["multiplier"] = spelling(mac.multiplier);
  if (!mac.left_operand.is_fp32() || !mac.right_operand.is_fp32()) {
    object["operands"] = {spelling(mac.left_operand), spelling(mac.right_operand)};
  }
  return object;
}

}  // namespace mantissa
