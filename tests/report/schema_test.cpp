#include <algorithm>
#include <filesystem>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "example_document.h"
#include "support/files.h"

namespace mantissa {
namespace {

using Json = nlohmann::json;

Json published_schema() {
  const auto folder = std::filesystem::path(MANTISSA_SOURCE_DIR) / "scenarios" / "schema";
  return Json::parse(read_file(folder / "pareto.schema.json"));
}

/// The validator's complaints, one a line; empty if there are none.
std::string complaints(const Json& document) {
  static const Json text = published_schema();
  static const auto schema = [] {
    auto parsed = std::make_unique<valijson::Schema>();
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(text), *parsed);
    return parsed;
  }();
  valijson::Validator validator;
  valijson::ValidationResults results;
  validator.validate(*schema, valijson::adapters::NlohmannJsonAdapter(document), &results);
  std::ostringstream lines;
  for (const auto& error : results) {
    for (const std::string& part : error.context) lines << part;
    lines << ": " << error.description << '\n';
  }
  return lines.str();
}

Json example() {
  return Json(to_json(example_document()));
}

TEST_CASE("a front is valid by the published schema") {
  CHECK(complaints(example()) == "");
}

TEST_CASE("a front without points, interrupted, is valid too") {
  FrontDocument document = example_document();
  document.status = "interrupted";
  document.points.clear();
  document.evaluations.clear();
  document.hypervolume.by_generation.clear();
  CHECK(complaints(Json(to_json(document))) == "");
}

/// Adds a member to every object of the document in turn, but for those whose keys are free.
void visit_objects(const Json& value, const Json::json_pointer& place,
                   std::vector<Json::json_pointer>& places) {
  if (value.is_object()) places.push_back(place);
  std::size_t index = 0;
  if (value.is_object()) {
    const bool alike = place.to_string().ends_with("/events/layers");
    for (const auto& [key, item] : value.items()) {
      visit_objects(item, place / key, places);
      if (alike) break;
    }
  } else if (value.is_array()) {
    for (const Json& item : value) {
      if (index >= 2) break;  // elements are alike
      visit_objects(item, place / index, places);
      ++index;
    }
  }
}

bool keys_are_free(const std::string& place) {
  return place.find("/scenario") == 0;
}

TEST_CASE("no object of a front may have an unknown member") {
  const Json good = example();
  std::vector<Json::json_pointer> places;
  visit_objects(good, Json::json_pointer(), places);
  std::size_t tried = 0;
  for (const auto& place : places) {
    if (keys_are_free(place.to_string())) continue;
    Json bad = good;
    bad[place]["unheard_of"] = Json::array();
    INFO("place: " << place.to_string());
    CHECK(complaints(bad) != "");
    ++tried;
  }
  CHECK(tried > 40);
}

/// True for an object whose keys are names (of layers, objectives, formats, ...), not members of
/// the form.
bool is_table(const std::string& place) {
  for (const char* table :
       {"/scenario", "/assignment/layers", "reference_point", "evaluation_seconds"}) {
    if (place.find(table) != std::string::npos) return true;
  }
  return place == "/formats" ||
         (place.find("/objectives") != std::string::npos && place.rfind("/objectives/", 0) != 0);
}

/// Events are absent where nothing was counted: all of them, those of a layer, or of a role.
bool is_optional(const std::string& place, const std::string& key) {
  const std::size_t layers = place.find("/events/layers");
  if (layers == std::string::npos) return key == "events";
  return std::count(place.begin() + static_cast<std::ptrdiff_t>(layers), place.end(), '/') <= 3;
}

TEST_CASE("every member of a front is required") {
  const Json good = example();
  std::vector<Json::json_pointer> places;
  visit_objects(good, Json::json_pointer(), places);
  for (const auto& place : places) {
    if (is_table(place.to_string())) continue;
    for (const auto& [key, value] : good.at(place).items()) {
      if (is_optional(place.to_string(), key)) continue;
      Json bad = good;
      bad[place].erase(key);
      INFO("without " << place.to_string() << '/' << key);
      CHECK(complaints(bad) != "");
    }
  }
}

TEST_CASE("values of the wrong kind or range are refused") {
  struct Change {
    const char* place;
    Json value;
  };
  const Json good = example();
  const Change changes[] = {
      {"/schema_version", 2},
      {"/status", "done"},
      {"/seeds", Json::array()},
      {"/seeds/0", -1},
      {"/seeds/0", 1.5},
      {"/model/sha256", "abc"},
      {"/model/layers/0/macs", -1},
      {"/objectives/1/unit", "kWh"},
      {"/objectives/1/direction", "maximise"},
      {"/points/0/metrics/test_accuracy", 1.01},
      {"/points/0/metrics/status", "ok"},
      {"/points/0/metrics/epochs/0/epoch", 0},
      {"/points/0/objectives/error", "0.1"},
      {"/points/0/assignment/layers/conv1/weight", 8},
      {"/points/0/cost/energy_pj", -1},
      {"/points/0/cost/nodes/0/energy_pj/0/0", -1e-9},
      {"/points/0/cost/nodes/0/is_layer", 1},
      {"/run/created", "yesterday"},
      {"/run/machine/threads", 0},
      {"/counts/evaluations", 1.5},
  };
  for (const Change& change : changes) {
    Json bad = good;
    bad.at(Json::json_pointer(change.place)) = change.value;
    INFO(change.place << " = " << change.value.dump());
    CHECK(complaints(bad) != "");
  }
}

/// Every schema within `schema` must say what it describes.
void check_described(const Json& schema, const std::string& place) {
  INFO("schema at #" << place);
  CHECK((schema.contains("description") || schema.contains("$ref")));
  if (schema.contains("properties")) {
    CHECK(schema.at("additionalProperties") == false);
    for (const auto& [name, member] : schema.at("properties").items()) {
      check_described(member, place + "/properties/" + name);
    }
  }
  if (schema.contains("items")) check_described(schema.at("items"), place + "/items");
  if (schema.contains("additionalProperties") && schema.at("additionalProperties").is_object()) {
    check_described(schema.at("additionalProperties"), place + "/additionalProperties");
  }
}

TEST_CASE("the schema describes every member") {
  const Json schema = published_schema();
  check_described(schema, "");
  for (const auto& [name, definition] : schema.at("definitions").items()) {
    check_described(definition, "/definitions/" + name);
    CHECK(definition.contains("description"));
  }
}

}  // namespace
}  // namespace mantissa
