#include <functional>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "refusal.h"
#include "support/files.h"

namespace mantissa {
namespace {

using nlohmann::json;
using test::changed_scenario;
using test::check_refused;
using test::CommandResult;
using test::run_mantissa;

TEST_CASE("a scenario that is missing, is a folder, or is no JSON is refused") {
  const TemporaryFolder folder;
  check_refused(run_mantissa({"explore", "/nowhere/a.json"}), "/nowhere/a.json");
  check_refused(run_mantissa({"explore", folder.path().string()}), "is a folder");
  check_refused(run_mantissa({"train", folder.write("a.json", "{").string()}), "a.json:1:2");
}

TEST_CASE("a fault in a scenario is told with its JSON pointer") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::function<void(json&)>& change, const std::string& named) {
    check_refused(run_mantissa({"explore", changed_scenario(folder, change), "--output",
                                (folder.path() / "out").string()}),
                  named);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
  };
  refused([](json& s) { s["search"]["populaton"] = 4; },
          "#/search/populaton: unknown key \"populaton\"");
  refused([](json& s) { s["training"]["batch_size"] = 1e12; }, "#/training/batch_size");
  refused([](json& s) { s["search"]["space"][0]["formats"][1] = "e4m3x"; },
          "#/search/space/0/formats/1");
  refused([](json& s) { s["search"]["space"][0]["layers"] = "nothing*"; },
          "#/search/space/0/layers");
  refused([](json& s) { s["data"]["training_samples"] = 100000; }, "#/data");
  refused([](json& s) { s["data"]["name"] = "imagenet"; }, "#/data/name");
  refused([](json& s) { s["training"]["batch_size"] = 400; }, "400");
  refused([](json& s) { s["accelerator"] = "tpu"; }, "#/accelerator");
}

TEST_CASE("a model that is missing, empty, truncated or no model is refused") {
  const TemporaryFolder folder;
  const std::string whole =
      read_file(std::filesystem::path(MANTISSA_SOURCE_DIR) / "models" / "tiny-cnn.onnx");
  check_refused(run_mantissa({"inspect", "/nowhere/net.onnx"}), "/nowhere/net.onnx");
  for (const std::string& bytes :
       {std::string(), whole.substr(0, whole.size() / 2), std::string(1000, 'x')}) {
    const std::string model = folder.write("net.onnx", bytes).string();
    check_refused(run_mantissa({"inspect", model}), "net.onnx");
    const std::string scenario = changed_scenario(folder, [&](json& s) { s["model"] = model; });
    check_refused(run_mantissa({"train", scenario}), "net.onnx");
  }
}

TEST_CASE("a corrupt IDX file is refused by name") {
  const TemporaryFolder folder;
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                           "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    folder.write(name, std::string("\0\0\x08\x03\x7f\xff\xff\xff", 8));
  }
  const std::string scenario = changed_scenario(folder, [&](json& s) {
    s["data"]["name"] = "mnist-idx";
    s["data"]["folder"] = folder.path().string();
  });
  check_refused(run_mantissa({"train", scenario}), "idx");
}

TEST_CASE("a place that cannot be written is refused before any work") {
  const TemporaryFolder folder;
  const std::string scenario = folder.write("small.json", test::small_scenario()).string();
  check_refused(run_mantissa({"explore", scenario, "--output", "/proc/nowhere"}), "/proc/nowhere");
  check_refused(run_mantissa({"train", scenario, "--save", folder.path().string()}), "is a folder");
  check_refused(run_mantissa({"report", scenario, "-o", (folder.path() / "r.html").string()}),
                "small.json");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "r.html"));
}

TEST_CASE("words on the command line that mean nothing are refused with 2") {
  CHECK(run_mantissa({}).exit_code == 2);
  CHECK(run_mantissa({"explor"}).exit_code == 2);
  CHECK(run_mantissa({"explore"}).exit_code == 2);
  CHECK(run_mantissa({"train", "a.json", "--nonsense"}).exit_code == 2);
  CHECK(run_mantissa({"formats", "show", "e9m9"}).exit_code == 2);
}

TEST_CASE("help and version end with 0 and go to standard output") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                    {"explore", "--help"},
                                                    {"train", "--help"},
                                                    {"formats", "--help"},
                                                    {"--version"}}) {
    const CommandResult result = run_mantissa(arguments);
    CHECK(result.exit_code == 0);
    CHECK_FALSE(result.out.empty());
    CHECK(result.err.empty());
  }
}

}  // namespace
}  // namespace mantissa
