#include "report/front_document.h"

#include <cmath>
#include <filesystem>

#include <doctest/doctest.h>

#include "example_document.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

using Json = nlohmann::ordered_json;

std::string refusal(const Json& json) {
  try {
    parse_front(json.dump(), "pareto.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("the example has a front worth plotting") {
  const FrontDocument document = example_document();
  MESSAGE(document.points.size() << " points");
  CHECK(document.points.size() >= 15);
  CHECK(document.points.size() <= 60);
  CHECK(document.model.layers.size() == 5);
  CHECK(document.baselines.size() == 4);
}

TEST_CASE("a front reads back to the same values") {
  FrontDocument document = example_document();
  for (EvaluationRecord& evaluation : document.evaluations) {
    for (double& value : evaluation.objectives) {
      if (std::isnan(value)) value = 0;  // NaN equals nothing, itself included
    }
  }
  CHECK((parse_front(front_text(document), "pareto.json") == document));
}

TEST_CASE("a front reads back to the same text, unmeasured values included") {
  FrontDocument document = example_document();
  document.points[0].metrics.test_accuracy = NAN;
  document.points[0].metrics.epochs[0].training_loss = INFINITY;
  document.seeds = {0, UINT64_MAX};
  document.name = "quotes \" and \\ and \n and </script> and \u2028";
  const std::string text = front_text(document);
  CHECK((front_text(parse_front(text, "pareto.json")) == text));
}

TEST_CASE("doubles survive to the last bit") {
  FrontDocument document = example_document();
  document.points[0].objectives = {0.1 + 0.2, 5e-324, 1.7976931348623157e308};
  document.run.elapsed_seconds = 1.0 / 3.0;
  const FrontDocument back = parse_front(front_text(document), "pareto.json");
  CHECK(back.points[0].objectives == document.points[0].objectives);
  CHECK(back.run.elapsed_seconds == document.run.elapsed_seconds);
}

TEST_CASE("facts of the run stand in `run` alone") {
  FrontDocument one = example_document();
  FrontDocument other = one;
  other.run = {"2027-01-01T00:00:00Z", {"another", 64, "another"}, 9.5, 100, {{"x", 1}}};
  Json one_json = to_json(one);
  Json other_json = to_json(other);
  CHECK((one_json.dump() != other_json.dump()));
  one_json.erase("run");
  other_json.erase("run");
  CHECK((one_json.dump() == other_json.dump()));
}

TEST_CASE("objectives and layers keep their order in the file") {
  const Json json = to_json(example_document());
  std::vector<std::string> names;
  for (const auto& [name, value] : json["points"][0]["objectives"].items()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"error", "energy_pj", "latency_s"});
  std::vector<std::string> layers;
  for (const auto& [name, value] : json["points"][0]["assignment"]["layers"].items())
    layers.push_back(name);
  CHECK(layers == std::vector<std::string>{"conv1", "conv2", "fc1", "fc2", "fc3"});
}

TEST_CASE("a file holds the text, and a missing or torn one is refused by name") {
  const auto path = std::filesystem::temp_directory_path() / "mantissa_front_test" / "pareto.json";
  const FrontDocument document = example_document();
  write_front(path, document);
  CHECK((read_file(path) == front_text(document)));
  CHECK((front_text(read_front(path)) == front_text(document)));
  const std::string torn = front_text(document).substr(0, 5000);
  CHECK_THROWS_WITH_AS(parse_front(torn, "torn.json"), doctest::Contains("torn.json"), Error);
  std::filesystem::remove_all(path.parent_path());
  CHECK_THROWS_WITH_AS(read_front(path), doctest::Contains("pareto.json"), Error);
}

TEST_CASE("what is wrong in a front is named by its JSON pointer") {
  const Json good = to_json(example_document());
  CHECK(refusal(good) == "accepted");

  Json json = good;
  json["points"][2]["metrics"].erase("steps");
  CHECK(refusal(json) == "pareto.json#/points/2/metrics: has no member \"steps\"");

  json = good;
  json["points"][1]["assignment"]["layers"]["conv1"]["weight"] = 8;
  CHECK(refusal(json) ==
        "pareto.json#/points/1/assignment/layers/conv1/weight: is number where a text belongs");

  json = good;
  json["points"][0]["cost"]["nodes"][3]["latency_cycles"] = {1, 2};
  CHECK(refusal(json) ==
        "pareto.json#/points/0/cost/nodes/3/latency_cycles: has 2 values where 4 belong");

  json = good;
  json["schema_version"] = 7;
  CHECK(refusal(json) == "pareto.json#/schema_version: is 7, and this program reads version 1");

  json = good;
  json["objectives"][0]["direction"] = "maximise";
  CHECK(refusal(json) == "pareto.json#/objectives/0/direction: is not \"minimise\"");

  json = good;
  json["seeds"][0] = -1;
  CHECK(refusal(json).find("#/seeds/0: is no seed") != std::string::npos);
  CHECK(refusal(Json::array()).find("is array where an object belongs") != std::string::npos);
}

TEST_CASE("a slash or tilde in a layer's name is escaped in the pointer") {
  Json json = to_json(example_document());
  json["points"][0]["assignment"]["layers"]["block/0~conv"] = "e4m3fn";
  CHECK(refusal(json).find("/layers/block~10~0conv: ") != std::string::npos);
}

}  // namespace
}  // namespace mantissa
