#include "scenario/scenario.h"

#include <filesystem>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "scenario/schema_validation.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

using nlohmann::json;

const std::filesystem::path kFile =
    std::filesystem::path(MANTISSA_SOURCE_DIR) / "scenarios" / "test.json";

/// A scenario that is as short as it may be; tests change it.
json minimal() {
  return {{"model", "lenet5"}, {"data", {{"name", "fashion-mnist"}}}};
}

Scenario parse(const json& document) {
  return parse_scenario(document.dump(), kFile);
}

/// The text of the error that `change` causes, without the file's name.
std::string fault(const std::function<void(json&)>& change) {
  json document = minimal();
  change(document);
  try {
    parse(document);
  } catch (const Error& error) {
    CHECK(error.exit_code() == ExitCode::bad_input);
    std::string text = error.what();
    CHECK(text.rfind(kFile.string(), 0) == 0);
    return text.substr(std::min(text.size(), kFile.string().size()));
  }
  return "no error";
}

TEST_CASE("the shortest scenario gets every default of the schema, and echoes them") {
  const Scenario scenario = parse(minimal());
  CHECK(scenario.name == "test");
  CHECK(scenario.output == "results/test");
  CHECK(scenario.training.batch_size == 64);
  CHECK(scenario.training.optimizer.momentum == 0.9);
  CHECK(scenario.training.reinitialize);
  CHECK(scenario.search.objectives == std::vector<ObjectiveKind>{ObjectiveKind::error,
                                                                 ObjectiveKind::energy,
                                                                 ObjectiveKind::latency});
  CHECK(scenario.resolved.at("training").at("optimizer").at("kind") == "sgd");
  CHECK(scenario.resolved.at("search").at("population") == 16);
  CHECK(scenario.model.filename() == "lenet5.onnx");
}

TEST_CASE("a resolved scenario is a scenario, and resolves to itself") {
  const Scenario once = parse(minimal());
  const Scenario twice = parse(once.resolved);
  CHECK(twice.resolved == once.resolved);
}

TEST_CASE("every shipped scenario is valid and resolves to itself") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFile.parent_path())) {
    if (entry.path().extension() != ".json") continue;
    INFO(entry.path().string());
    const Scenario scenario = load_scenario(entry.path());
    CHECK(parse_scenario(scenario.resolved.dump(), entry.path()).resolved == scenario.resolved);
    ++count;
  }
  CHECK(count >= 2);
}

TEST_CASE("every property of the schema has a description, and every optional one a default") {
  const std::function<void(const json&, const std::string&)> visit = [&](const json& rules,
                                                                         const std::string& path) {
    if (rules.is_object() && rules.contains("properties")) {
      const json required = rules.value("required", json::array());
      for (const auto& property : rules.at("properties").items()) {
        INFO(path << "/" << property.key());
        const bool reference = property.value().contains("$ref");
        CHECK((reference || property.value().contains("description")));
        const bool needed =
            std::find(required.begin(), required.end(), json(property.key())) != required.end();
        const bool assignment_role = path.find("/layers/*") != std::string::npos;
        CHECK((reference || needed || assignment_role || property.key() == "$schema" ||
               property.value().contains("default")));
        visit(property.value(), path + "/" + property.key());
      }
    }
    if (rules.is_object() && rules.contains("items")) visit(rules.at("items"), path + "/*");
  };
  const json schema = scenario_schema();
  visit(schema, "");
  for (const auto& definition : schema.at("definitions").items())
    visit(definition.value(), "/" + definition.key());
}

TEST_CASE("an error names the file and the JSON pointer, and says what would be right") {
  CHECK(fault([](json& s) { s["trainin"] = 1; }) ==
        "#/trainin: unknown key \"trainin\"; did you mean \"training\"?");
  CHECK(fault([](json& s) { s["training"]["epoch"] = 1; }) ==
        "#/training/epoch: unknown key \"epoch\"; did you mean \"epochs\"?");
  CHECK(fault([](json& s) { s["training"]["optimizer"]["kind"] = "adamm"; }) ==
        "#/training/optimizer/kind: \"adamm\" is not allowed here; did you mean \"adam\"?");
  CHECK(fault([](json& s) { s["training"]["epochs"] = 0; }).rfind("#/training/epochs: 0: ", 0) ==
        0);
  CHECK(fault([](json& s) {
          s["training"]["epochs"] = "two";
        }).rfind("#/training/epochs: \"two\": ", 0) == 0);
  CHECK(fault([](json& s) {
          s["search"]["population"] = 7;
        }).rfind("#/search/population: 7: ", 0) == 0);
  CHECK(fault([](json& s) { s["data"].erase("name"); }).rfind("#/data: ", 0) == 0);
  CHECK(fault([](json& s) {
          s["model"] = "lenet6";
        }).rfind("#/model: there is no file \"lenet6.onnx\"", 0) == 0);
}

TEST_CASE("a format that does not exist is refused where it stands, with the nearest one") {
  const std::string text = fault([](json& s) {
    s["search"]["space"] = json::parse(R"([{"roles": ["weight"], "formats": ["bf16", "e4m3x"]}])");
  });
  CHECK(text.rfind("#/search/space/0/formats/1: ", 0) == 0);
  CHECK(text.find("e4m3x") != std::string::npos);
  CHECK(text.find("e4m3") != std::string::npos);
  CHECK(fault([](json& s) {
          s["assignment"]["layers"] =
              json::parse(R"([{"match": "*", "mac.forward": "e5m10/chunk"}])");
        }).rfind("#/assignment/layers/0/mac.forward: ", 0) == 0);
}

TEST_CASE("a list of formats may not hold one format under two names") {
  const std::string text = fault([](json& s) {
    s["search"]["space"] = json::parse(R"([{"roles": ["weight"], "formats": ["fp16", "e5m10"]}])");
  });
  CHECK(text == "#/search/space/0/formats/1: \"e5m10\" is in the list already, as \"e5m10\"");
}

TEST_CASE("a mac may be spelled or stand as an object, in an assignment and in a search space") {
  json document = minimal();
  document["assignment"]["layers"] = json::parse(
      R"([{"match": "*", "mac.forward": "kahan:bf16",
           "mac.backward_data": {"accumulation": "exact", "accumulator": "fp16"},
           "mac.backward_weight": "e6m9 multiplier=mitchell"}])");
  document["search"]["space"] = json::parse(
      R"([{"roles": ["mac.forward"], "formats": [{"unit": "h100-fp16"}, "pairwise:fp16"]}])");
  const Scenario scenario = parse(document);
  std::vector<std::string> texts;
  for (const auto& [role, text] : scenario.assignment.rules[0].formats) texts.push_back(text);
  CHECK(texts == std::vector<std::string>{"exact:e5m10", "e6m9 multiplier=mitchell", "kahan:e8m7"});
  CHECK(scenario.search.space[0].formats ==
        std::vector<std::string>{"aligned25x16:e8m23/rtz operands=e5m10", "pairwise:e5m10"});
  CHECK(fault([](json& d) {
          d["assignment"]["layers"] =
              json::parse(R"([{"match": "*", "mac.forward": {"acumulation": "exact"}}])");
        }) ==
        "#/assignment/layers/0/mac.forward/acumulation: unknown key \"acumulation\"; did you "
        "mean \"accumulation\"?");
}

TEST_CASE("tensor roles and mac roles cannot share a list") {
  CHECK(fault([](json& s) {
          s["search"]["space"] =
              json::parse(R"([{"roles": ["weight", "mac.forward"], "formats": ["bf16", "fp32"]}])");
        }).rfind("#/search/space/0/roles: ", 0) == 0);
}

TEST_CASE("broken JSON is told with its line and column") {
  try {
    parse_scenario("{\n  \"model\": \"lenet5\",\n  \"data\" {}\n}", "a.json");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).rfind("a.json:3:10: is not valid JSON", 0) == 0);
  }
  CHECK_THROWS_WITH_AS(parse_scenario(" \n", "a.json"), "a.json: the file is empty", Error);
}

TEST_CASE("a later line of an assignment wins, and a glob that matches nothing is refused") {
  AssignmentOptions options;
  options.recipe = "fp32";
  options.vector = "e8m23";
  options.rules = {
      {"*", {{Role::weight, "e4m3fn"}}, "/assignment/layers/0"},
      {"fc*", {{Role::weight, "e8m7"}, {Role::error, "e5m2/sr"}}, "/assignment/layers/1"}};
  const Assignment assignment = resolve_assignment(options, {"conv1", "fc1"}, "a.json");
  CHECK(spelling(assignment.layers[0], Role::weight) == "e4m3fn");
  CHECK(spelling(assignment.layers[1], Role::weight) == "e8m7");
  CHECK(spelling(assignment.layers[1], Role::error) == "e5m2/sr");
  CHECK(spelling(assignment.layers[0], Role::error) == "e8m23");
  options.rules.push_back({"conv9", {}, "/assignment/layers/2"});
  CHECK_THROWS_WITH_AS(
      resolve_assignment(options, {"conv1", "fc1"}, "a.json"),
      "a.json#/assignment/layers/2/match: \"conv9\" matches no layer; the layers are conv1, fc1",
      Error);
}

}  // namespace
}  // namespace mantissa
