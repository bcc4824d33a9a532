#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "refusal.h"
#include "support/files.h"

namespace mantissa {
namespace {

using test::CommandResult;
using test::comparable_front;
using test::run_and_signal;
using test::run_mantissa;

TEST_CASE("a front is byte-identical, but for its times, on 1, 2 and 4 threads") {
  const TemporaryFolder folder;
  const std::string scenario = folder.write("small.json", test::small_scenario()).string();
  std::string first;
  for (const char* threads : {"1", "2", "4"}) {
    const std::filesystem::path output = folder.path() / threads;
    const CommandResult result =
        run_mantissa({"explore", scenario, "--output", output.string(), "-j", threads, "--csv"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK(result.out.find("pareto.json") != std::string::npos);
    const std::string front = comparable_front(output / "pareto.json");
    if (first.empty()) first = front;
    CHECK(front == first);
    CHECK(std::filesystem::exists(output / "report.html"));
    CHECK(std::filesystem::exists(output / "pareto.csv"));
  }
}

TEST_CASE("shared scales and sums that are no chains give one front on any number of threads") {
  const TemporaryFolder folder;
  const std::string scenario = test::changed_scenario(folder, [](nlohmann::json& s) {
    // Sums that are no chains go step by step: few samples.
    s["data"]["training_samples"] = 64;
    s["data"]["validation_samples"] = s["data"]["test_samples"] = 32;
    s["search"]["generations"] = 2;
    s["search"]["baselines"] = {"fp32", "mxfp4/sr"};
    s["search"]["space"] = {{{"roles", {"weight", "activation", "error"}},
                             {"formats", {"mxfp4/sr", "int8c", "posit8", "nvfp4"}}},
                            {{"roles", {"mac.forward", "mac.backward_weight"}},
                             {"formats", {"kahan:e5m7", "pairwise:e5m7", "exact", "h100-fp8"}},
                             {"tie_layers", true}}};
  });
  std::string first;
  for (const char* threads : {"1", "3"}) {
    const std::filesystem::path output = folder.path() / threads;
    const CommandResult result =
        run_mantissa({"explore", scenario, "--output", output.string(), "-j", threads});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const std::string front = comparable_front(output / "pareto.json");
    if (first.empty()) first = front;
    CHECK(front == first);
  }
  // A value in blocks of 32 takes part of a scale of 8 bits with it.
  CHECK(nlohmann::json::parse(first).at("formats").at("mxfp4/sr").at("bits") == 4.25);
}

TEST_CASE(
    "kill -9 at any moment loses at most the evaluations in flight, and the same command goes on "
    "to the same front") {
  const TemporaryFolder folder;
  const std::string scenario = folder.write("small.json", test::small_scenario()).string();
  const std::filesystem::path whole = folder.path() / "whole";
  REQUIRE(run_mantissa({"explore", scenario, "--output", whole.string()}).exit_code == 0);
  for (const std::size_t lines : {1U, 4U, 7U}) {
    const std::filesystem::path output = folder.path() / ("killed" + std::to_string(lines));
    const std::vector<std::string> command = {"explore",       scenario, "--output",
                                              output.string(), "-j",     "2"};
    run_and_signal(command, SIGKILL, output / "evaluations.jsonl", lines);
    const CommandResult resumed = run_mantissa(command);
    INFO(resumed.err);
    REQUIRE(resumed.exit_code == 0);
    CHECK(comparable_front(output / "pareto.json") == comparable_front(whole / "pareto.json"));
  }
}

TEST_CASE("SIGINT saves what is there, says how to go on, and ends with 130") {
  const TemporaryFolder folder;
  // Longer than it takes to send a signal.
  std::string text = test::small_scenario();
  text.replace(text.find("\"epochs\": 1"), 11, "\"epochs\": 1000");
  const std::string scenario = folder.write("small.json", text).string();
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::filesystem::path output = folder.path() / ("out" + std::to_string(signal));
    const CommandResult result = run_and_signal({"explore", scenario, "--output", output.string()},
                                                signal, output / "evaluations.jsonl", 2);
    CHECK(result.exit_code == 130);
    CHECK(result.err.find("to go on: mantissa explore " + scenario + " --output " +
                          output.string()) != std::string::npos);
  }
}

TEST_CASE(
    "the quickstart falls back to the shipped digits where its data are missing, and says so") {
  const TemporaryFolder folder;
  std::string text =
      read_file(std::filesystem::path(MANTISSA_SOURCE_DIR) / "scenarios" / "quickstart.json");
  text.replace(text.find("\"fallback\""), 0, "\"folder\": \"/nowhere\", ");
  const CommandResult result =
      run_mantissa({"train", folder.write("quickstart.json", text).string(), "--epochs", "1"});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("in place of fashion-mnist") != std::string::npos);
}

TEST_CASE("train saves a network that inspect and train read back") {
  const TemporaryFolder folder;
  const std::string scenario = folder.write("small.json", test::small_scenario()).string();
  const std::string model = (folder.path() / "trained.onnx").string();
  const CommandResult trained =
      run_mantissa({"train", scenario, "--recipe", "amp-fp16", "--save", model});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  CHECK(trained.out.find("test accuracy") != std::string::npos);
  CHECK(trained.out.find("modelled energy") != std::string::npos);
  const CommandResult inspected = run_mantissa({"inspect", model});
  INFO(inspected.err);
  CHECK(inspected.exit_code == 0);
  CHECK(inspected.out.find("MACs") != std::string::npos);
}

TEST_CASE("compare and profile run on the same scenario, and on points of its front") {
  const TemporaryFolder folder;
  const std::string scenario = folder.write("small.json", test::small_scenario()).string();
  const std::string output = (folder.path() / "out").string();
  REQUIRE(run_mantissa({"explore", scenario, "--output", output}).exit_code == 0);
  const std::string front = output + "/pareto.json";
  const std::string json = (folder.path() / "compare.json").string();
  const CommandResult compared =
      run_mantissa({"compare", scenario, "--front", front, "--points", "p1", "--json", json});
  INFO(compared.err);
  CHECK(compared.exit_code == 0);
  CHECK(compared.out.find("p1") != std::string::npos);
  CHECK(compared.out.find("±") != std::string::npos);
  CHECK(std::filesystem::exists(json));
  const CommandResult profile = run_mantissa({"profile", scenario, "--steps", "3"});
  INFO(profile.err);
  CHECK(profile.exit_code == 0);
  CHECK(profile.out.find("backward_weight") != std::string::npos);
  const CommandResult point = run_mantissa({"train", scenario, "--from", front, "--point", "p1"});
  INFO(point.err);
  CHECK(point.exit_code == 0);
  const CommandResult wrong = run_mantissa({"train", scenario, "--from", front, "--point", "p99"});
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err.find("its points are p1") != std::string::npos);
}

}  // namespace
}  // namespace mantissa
