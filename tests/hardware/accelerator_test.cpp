#include "hardware/accelerator.h"

#include <cmath>
#include <limits>
#include <memory>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "fake_network.h"
#include "hardware/memory.h"
#include "support/error.h"
#include "support/files.h"

using namespace mantissa;
using nlohmann::json;

namespace {

json shipped(const std::string& name) {
  return json::parse(read_file(fake::accelerator_path(name)));
}

bool schema_accepts(const json& document) {
  static const json text = json::parse(
      read_file(std::string(MANTISSA_SOURCE_DIR) + "/scenarios/schema/accelerator.schema.json"));
  static const auto schema = [] {
    auto parsed = std::make_unique<valijson::Schema>();
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(text), *parsed);
    return parsed;
  }();
  return valijson::Validator().validate(*schema, valijson::adapters::NlohmannJsonAdapter(document),
                                        nullptr);
}

/// The loader's complaint; empty if there is none.
std::string complaint(const json& document) {
  try {
    accelerator_from_json(document, "a.json");
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

/// The pointers of every object in the document, and of every figure (an object with a value).
void visit(const json& value, const json::json_pointer& place,
           std::vector<json::json_pointer>& objects, std::vector<json::json_pointer>& figures) {
  if (value.is_object()) {
    objects.push_back(place);
    if (value.contains("value")) figures.push_back(place);
    for (const auto& [key, item] : value.items()) visit(item, place / key, objects, figures);
  }
  if (!value.is_array()) return;
  for (std::size_t i = 0; i < value.size(); ++i) visit(value[i], place / i, objects, figures);
}

}  // namespace

TEST_CASE("every shipped accelerator loads, is valid by the schema and has the name of its file") {
  const std::vector<std::string> names = accelerator_file_names();
  CHECK(names.size() >= 3);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(schema_accepts(shipped(name)));
    CHECK(load_accelerator(fake::accelerator_path(name)).name == name);
  }
}

TEST_CASE("figures arrive in their fields") {
  const Accelerator a = fake::gemmini();
  CHECK(a.clock_ghz == 1);
  CHECK(a.rows == 16);
  CHECK(a.columns == 16);
  CHECK(a.tile_overhead_cycles == 800);
  CHECK(a.register_pj_per_bit == 0.009);
  CHECK(a.scratchpad.kibibytes == 256);
  CHECK(a.scratchpad.banks == 4);
  CHECK(a.accumulator_memory.kibibytes == 64);
  CHECK(a.accumulator_memory.banks == 2);
  CHECK(a.sram_access.size() == 3);
  CHECK(a.sram_access[1].kibibytes == 32);
  CHECK(a.sram_access[1].pj_per_64_bits == 20);
  CHECK(a.dram_bits_per_cycle() == 64);
  CHECK(a.host_lanes == 16);
  CHECK(a.host_pj_per_instruction == 70);
  CHECK(a.host_instructions_per_special == 20);
  CHECK(a.cycles_to_seconds(1e9) == 1);
  CHECK(a.sha256.size() == 64);
}

TEST_CASE("the loader and the schema refuse the same documents") {
  const json good = shipped("gemmini-16x16-45nm");
  std::vector<json::json_pointer> objects;
  std::vector<json::json_pointer> figures;
  visit(good, json::json_pointer(), objects, figures);
  CHECK(figures.size() == 46);
  for (const json::json_pointer& place : objects) {
    CAPTURE(place.to_string());
    json extra = good;
    extra[place]["surplus"] = 1;
    CHECK_FALSE(schema_accepts(extra));
    CHECK(complaint(extra).find("a.json#" + place.to_string() +
                                "/surplus: unknown key \"surplus\"") == 0);
    for (const auto& [key, value] : good.at(place).items()) {
      if (key == "$schema") continue;
      CAPTURE(key);
      json lacking = good;
      lacking[place].erase(key);
      CHECK_FALSE(schema_accepts(lacking));
      CHECK(complaint(lacking).find("a.json#" + place.to_string()) == 0);
    }
  }
  for (const json::json_pointer& place : figures) {
    CAPTURE(place.to_string());
    const std::vector<std::pair<std::string, json>> faults = {
        {"value", -1.0},    {"value", 1e13}, {"value", "7"}, {"value", nullptr},
        {"unit", "parsec"}, {"unit", 3},     {"source", ""}, {"source", 5}};
    for (const auto& [key, fault] : faults) {
      CAPTURE(key);
      CAPTURE(fault.dump());
      json bad = good;
      bad[place / key] = fault;
      CHECK_FALSE(schema_accepts(bad));
      CHECK(complaint(bad).find("a.json#" + (place / key).to_string() + ": ") == 0);
    }
    json infinite = good;
    infinite[place / "value"] = std::numeric_limits<double>::infinity();
    CHECK(complaint(infinite).find("a.json#" + (place / "value").to_string()) == 0);
    // Zero: allowed for overheads and leakage alone.
    json zero = good;
    zero[place / "value"] = 0;
    CHECK(schema_accepts(zero) == complaint(zero).empty());
  }
}

TEST_CASE("errors say what would be right") {
  json document = shipped("gemmini-16x16-45nm");
  document["array"]["row"] = document["array"]["rows"];
  CHECK(complaint(document) == "a.json#/array/row: unknown key \"row\"; did you mean \"rows\"?");

  document = shipped("gemmini-16x16-45nm");
  document["array"]["rows"]["value"] = 16.5;
  CHECK(complaint(document) ==
        "a.json#/array/rows/value: found 16.5; expected a whole number from 1 up to 65536 "
        "(elements)");

  document = shipped("gemmini-16x16-45nm");
  document["dram"]["energy"]["unit"] = "pJ/bit";
  CHECK(complaint(document) == "a.json#/dram/energy/unit: found \"pJ/bit\"; expected \"pJ/64bit\"");

  document = shipped("gemmini-16x16-45nm");
  document["clock"].erase("source");
  CHECK(complaint(document) == "a.json#/clock: missing key \"source\"");

  document = shipped("gemmini-16x16-45nm");
  document.erase("dram");
  CHECK(complaint(document) == "a.json#/dram: missing; expected an object with bandwidth, energy");

  document = shipped("gemmini-16x16-45nm");
  std::swap(document["sram"]["access"][0], document["sram"]["access"][1]);
  CHECK(complaint(document) ==
        "a.json#/sram/access/1: capacities must ascend and energies must not fall");

  document = shipped("gemmini-16x16-45nm");
  document["scratchpad"]["capacity"]["value"] = 1;
  CHECK(complaint(document) ==
        "a.json#/scratchpad/capacity/value: too small for the array; two folds of binary32 "
        "operands take 2.125 KiB");

  document = shipped("gemmini-16x16-45nm");
  document["arithmetic"]["energy"]["fp32_add"]["value"] = 0.1;
  CHECK(complaint(document).find("a.json#/arithmetic/energy: what a float addition adds") == 0);
  CHECK(complaint(json::array()) == "a.json#: expected an object, found array");
}

TEST_CASE("a missing or broken file is named") {
  CHECK_THROWS_AS(load_accelerator("/nowhere/accelerator.json"), Error);
}

TEST_CASE("the hash is of the content, not of the layout") {
  const json document = shipped("mcu-4x4-45nm");
  const Accelerator first = accelerator_from_json(document, "x");
  const Accelerator again = accelerator_from_json(json::parse(document.dump(8)), "y");
  CHECK(first.sha256 == again.sha256);
  json changed = document;
  changed["clock"]["value"] = 0.3;
  CHECK(accelerator_from_json(changed, "x").sha256 != first.sha256);
}

TEST_CASE(
    "an access costs what its bank's size costs: the published points, and lines in logarithms "
    "between them") {
  const Accelerator a = fake::gemmini();
  CHECK(sram_pj_per_bit(a, {.kibibytes = 8, .banks = 1}) == doctest::Approx(10.0 / 64));
  CHECK(sram_pj_per_bit(a, {.kibibytes = 64, .banks = 2}) == doctest::Approx(20.0 / 64));
  CHECK(sram_pj_per_bit(a, {.kibibytes = 1024, .banks = 1}) == doctest::Approx(100.0 / 64));
  // Halfway in log size between 8 and 32 KiB lies 16 KiB, and halfway in log energy sqrt(200).
  CHECK(sram_pj_per_bit(a, {.kibibytes = 16, .banks = 1}) ==
        doctest::Approx(std::sqrt(200.0) / 64));
  // Beyond the ends the last lines go on: 4 KiB at 10 / sqrt(2).
  CHECK(sram_pj_per_bit(a, {.kibibytes = 4, .banks = 1}) ==
        doctest::Approx(10 / std::sqrt(2.0) / 64));
  CHECK(dram_pj_per_bit(a) == doctest::Approx(20.3125));
}
