#include "search/explore.h"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "fake_evaluator.h"
#include "moo/dominance.h"
#include "support/error.h"
#include "support/temporary_folder.h"
#include "tensor/parallel.h"
#include "training/recipes.h"

namespace mantissa {
namespace {

const std::vector<std::string> kLadder = {"e2m1fin", "e3m2fin", "e4m3fn", "e5m4",
                                          "e5m6",    "e5m8",    "e5m10",  "e8m23"};

std::vector<SpaceRule> rules() {
  return {{"*", {Role::weight}, kLadder, false, false, "/search/space/0"}};
}

SearchSpace small_space() {
  return {rules(), uniform_assignment(FakeEvaluator::layer_names(), {}), "test.json"};
}

SearchOptions options() {
  SearchOptions options;
  options.objectives = {ObjectiveKind::error, ObjectiveKind::energy};
  options.population = 8;
  options.generations = 12;
  options.crossover_probability = 0.9;
  options.seed = 5;
  return options;
}

ExploreResult run(const std::filesystem::path& folder, const FakeEvaluator& evaluator,
                  const ExploreHooks& hooks = {}) {
  const SearchSpace space = small_space();
  EvaluationStore store(folder);
  return explore(space, evaluator, store, options(), {},
                 {{"fp32", {uniform_assignment(FakeEvaluator::layer_names(), {}), {}}}}, hooks);
}

/// Everything of a result that must not depend on how it came about.
nlohmann::json essence(const ExploreResult& result) {
  nlohmann::json text = {{"front", result.front},
                         {"hypervolume", result.hypervolume},
                         {"hits", result.cache_hits},
                         {"diverged", result.diverged},
                         {"reference", result.reference_point}};
  for (const Explored& explored : result.evaluated) {
    text["evaluated"].push_back(
        {explored.genome, explored.objectives, explored.evaluation.key, explored.generation});
  }
  for (const std::size_t i : result.front)
    text["test"].push_back(result.evaluated[i].evaluation.test_accuracy);
  return text;
}

TEST_CASE("the search finds most of the front of a space that can be counted out") {
  const TemporaryFolder folder;
  const FakeEvaluator evaluator;
  const ExploreResult result = run(folder.path(), evaluator);
  // The true front, by brute force over all 64 assignments.
  const SearchSpace space = small_space();
  std::vector<std::vector<double>> all;
  for (std::uint16_t a = 0; a < 8; ++a) {
    for (std::uint16_t b = 0; b < 8; ++b) {
      const Candidate candidate{space.decode({a, b}), {}};
      const Evaluation evaluation = evaluator.evaluate(candidate, {});
      if (evaluation.status == TrainingStatus::finished)
        all.push_back(evaluator.objectives(candidate, evaluation));
    }
  }
  std::vector<std::vector<double>> truth;
  for (const auto& point : all) {
    if (std::none_of(all.begin(), all.end(),
                     [&](const auto& other) { return dominates({other}, {point}); }))
      truth.push_back(point);
  }
  std::size_t found = 0;
  for (const std::size_t i : result.front) {
    found += static_cast<std::size_t>(
        std::count(truth.begin(), truth.end(), result.evaluated[i].objectives));
  }
  CHECK(found >= truth.size() * 9 / 10);
  CHECK(result.evaluated.size() <= 64);
  CHECK(std::is_sorted(result.hypervolume.begin(), result.hypervolume.end()));
}

TEST_CASE("a diverged candidate is never on the front, and ends nothing") {
  const TemporaryFolder folder;
  const FakeEvaluator evaluator;
  const ExploreResult result = run(folder.path(), evaluator);
  CHECK(result.diverged >= 1);
  for (const std::size_t i : result.front) {
    CHECK(result.evaluated[i].evaluation.status == TrainingStatus::finished);
  }
}

TEST_CASE("the result does not depend on the number of threads") {
  nlohmann::json first;
  for (const int threads : {1, 2, 4}) {
    const TemporaryFolder folder;
    const FakeEvaluator evaluator;
    ExploreResult result;
    with_threads(threads, [&] { result = run(folder.path(), evaluator); });
    if (threads == 1) first = essence(result);
    CHECK(essence(result) == first);
  }
}

TEST_CASE(
    "a search that is stopped anywhere goes on to the same result, and trains nothing twice") {
  const TemporaryFolder whole_folder;
  const FakeEvaluator whole_evaluator;
  const nlohmann::json whole = essence(run(whole_folder.path(), whole_evaluator));
  for (const int stop_after : {1, 5, 13, 30}) {
    const TemporaryFolder folder;
    const FakeEvaluator evaluator;
    ExploreHooks hooks;
    hooks.stop_requested = [&] { return evaluator.trainings.load() >= stop_after; };
    const ExploreResult stopped = run(folder.path(), evaluator, hooks);
    CHECK(stopped.interrupted);
    const ExploreResult resumed = run(folder.path(), evaluator);
    CHECK_FALSE(resumed.interrupted);
    CHECK(resumed.resumed > 0);
    CHECK(essence(resumed) == whole);
    CHECK(evaluator.trainings.load() == whole_evaluator.trainings.load());
  }
}

TEST_CASE("a second run of a finished search trains nothing") {
  const TemporaryFolder folder;
  const FakeEvaluator evaluator;
  const nlohmann::json first = essence(run(folder.path(), evaluator));
  const int trainings = evaluator.trainings.load();
  CHECK(essence(run(folder.path(), evaluator)) == first);
  CHECK(evaluator.trainings.load() == trainings);
}

TEST_CASE("a line that a crash cut off is skipped, and its evaluation done again") {
  const TemporaryFolder folder;
  const FakeEvaluator evaluator;
  const nlohmann::json first = essence(run(folder.path(), evaluator));
  const std::filesystem::path log = folder.path() / "evaluations.jsonl";
  const auto size = std::filesystem::file_size(log);
  for (const double part : {0.3, 0.6, 0.95}) {
    std::filesystem::resize_file(log,
                                 static_cast<std::uintmax_t>(part * static_cast<double>(size)));
    CHECK(essence(run(folder.path(), evaluator)) == first);
  }
}

TEST_CASE("a store has one writer at a time, and refuses a log that it does not understand") {
  const TemporaryFolder folder;
  {
    const EvaluationStore store(folder.path());
    CHECK_THROWS_AS(EvaluationStore(folder.path()), Error);
  }
  std::ofstream(folder.path() / "evaluations.jsonl") << "{\"key\": 5}\n";
  CHECK_THROWS_AS(EvaluationStore(folder.path()), Error);
}

TEST_CASE("weights are kept for the front and the baselines alone") {
  const TemporaryFolder folder;
  const FakeEvaluator evaluator;
  const ExploreResult result = run(folder.path(), evaluator);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "weights")) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  CHECK(files >= result.front.size());
  CHECK(files <= result.front.size() + result.baselines.size());
}

}  // namespace
}  // namespace mantissa
