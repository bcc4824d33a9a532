#include "search/explore.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>

#include <nlohmann/json.hpp>

#include "moo/hypervolume.h"
#include "moo/nsga2.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr double kReferenceMargin =
    1.1;  // so that the worst of the start still counts for something

/// One search, from its baselines to the test accuracies of its front.
class Search {
 public:
  Search(const SearchSpace& space, const Evaluator& evaluator, EvaluationStore& store,
         const SearchOptions& options, const LossScalingOptions& loss_scaling,
         const ExploreHooks& hooks)
      : space_(space),
        evaluator_(evaluator),
        store_(store),
        options_(options),
        loss_scaling_(loss_scaling),
        hooks_(hooks),
        genomes_(integer_space(space, options)),
        seeds_(uniform_genomes(genomes_)),
        optimizer_(genomes_, {.population = static_cast<std::size_t>(options.population)},
                   RandomKey{options.seed}.child("nsga2"), seeds_) {}

  ExploreResult run(const std::vector<Baseline>& baselines) {
    result_.resumed = store_.resumed();
    set_reference_point(baselines);
    for (const Baseline& baseline : baselines)
      result_.baselines.push_back({baseline.name, {}, 0, baseline.candidate, {}, {}});
    for (int generation = 0; generation < options_.generations && !result_.interrupted;
         ++generation) {
      if (!run_generation(generation)) break;
    }
    if (!result_.interrupted) measure_test_accuracy();
    return std::move(result_);
  }

 private:
  static IntegerSpace integer_space(const SearchSpace& space, const SearchOptions& options) {
    IntegerSpace genomes = space.genomes();
    genomes.crossover_probability = options.crossover_probability;
    genomes.mutation_probability = options.mutation_probability;
    return genomes;
  }

  Candidate candidate_of(const Genome& genome) const {
    return {space_.decode(genome), loss_scaling_};
  }

  void set_reference_point(const std::vector<Baseline>& baselines) {
    std::vector<std::vector<double>> values;
    for (const Baseline& baseline : baselines)
      values.push_back(evaluator_.modelled_objectives(baseline.candidate));
    for (const Genome& genome : seeds_)
      values.push_back(evaluator_.modelled_objectives(candidate_of(genome)));
    for (std::size_t i = 0; i < options_.objectives.size(); ++i) {
      double largest = 0;
      for (const auto& point : values)
        largest = std::max(largest, std::isnan(point[i]) ? 1 / kReferenceMargin : point[i]);
      result_.reference_point.push_back(kReferenceMargin * largest);
    }
  }

  /// False if there was nothing new to try.
  bool run_generation(int generation) {
    const std::vector<Genome> asked = optimizer_.ask();
    if (asked.empty()) return false;
    std::vector<Explored*> batch;
    if (generation == 0) {
      for (Explored& baseline : result_.baselines) batch.push_back(&baseline);
    }
    std::vector<Explored> proposals;
    for (const Genome& genome : asked)
      proposals.push_back({"", genome, generation, candidate_of(genome), {}, {}});
    for (Explored& proposal : proposals) batch.push_back(&proposal);
    if (!evaluate(batch, generation)) {
      result_.interrupted = true;
      return false;
    }
    std::vector<Evaluated> told;
    for (Explored& proposal : proposals) {
      const bool diverged = proposal.evaluation.status == TrainingStatus::diverged;
      told.push_back({proposal.genome, proposal.objectives, diverged ? 1.0 : 0.0});
      result_.diverged += diverged ? 1 : 0;
      result_.evaluated.push_back(std::move(proposal));
    }
    optimizer_.tell(told);
    close_generation(generation);
    return true;
  }

  /// Trains what the store does not have, side by side. False if it was interrupted.
  bool evaluate(const std::vector<Explored*>& batch, int generation) {
    std::vector<const Explored*> missing;
    for (Explored* explored : batch) {
      std::string& key = explored->evaluation.key;
      key = evaluator_.key(explored->candidate);
      const bool is_new = known_.insert(key).second;
      if (!is_new) ++result_.cache_hits;
      if (is_new && !store_.find(key)) missing.push_back(explored);
    }
    progress_.generation = generation;
    progress_.generations = options_.generations;
    progress_.generation_size = batch.size();
    progress_.done_in_generation = batch.size() - missing.size();
    parallel_tasks(missing.size(), [&](std::size_t i) { train_one(*missing[i]); });
    for (Explored* explored : batch) {
      const auto found = store_.find(explored->evaluation.key);
      if (!found) return false;
      explored->evaluation = *found;
      explored->objectives = evaluator_.objectives(explored->candidate, explored->evaluation);
    }
    return true;
  }

  void train_one(const Explored& explored) {
    if (hooks_.stop_requested && hooks_.stop_requested()) return;
    Evaluation evaluation = evaluator_.evaluate(explored.candidate, hooks_.stop_requested);
    if (evaluation.status == TrainingStatus::stopped) return;
    if (evaluation.status == TrainingStatus::diverged) evaluation.parameters.clear();
    store_.add(evaluation, remarks(explored, evaluation));
    const std::lock_guard lock(progress_mutex_);
    ++progress_.done_in_generation;
    ++progress_.trained;
    if (hooks_.on_evaluation) hooks_.on_evaluation(progress_);
  }

  nlohmann::json remarks(const Explored& explored, const Evaluation& evaluation) const {
    nlohmann::json objectives;
    const std::vector<double> values = evaluator_.objectives(explored.candidate, evaluation);
    for (std::size_t i = 0; i < values.size(); ++i) {
      objectives[std::string(traits(options_.objectives[i]).name)] = values[i];
    }
    nlohmann::json remarks = {{"generation", explored.generation},
                              {"objectives", std::move(objectives)},
                              {"assignment", to_json(explored.candidate.assignment)}};
    if (!explored.name.empty()) remarks["baseline"] = explored.name;
    return remarks;
  }

  void close_generation(int generation) {
    result_.generations = generation + 1;
    std::map<Genome, std::size_t> index;
    for (std::size_t i = 0; i < result_.evaluated.size(); ++i)
      index[result_.evaluated[i].genome] = i;
    result_.front.clear();
    std::vector<std::vector<double>> points;
    std::vector<std::string> kept;
    for (const Evaluated& entry : optimizer_.archive()) {
      if (entry.violation > 0) continue;
      result_.front.push_back(index.at(entry.genome));
      points.push_back(entry.objectives);
      kept.push_back(result_.evaluated[result_.front.back()].evaluation.key);
    }
    for (const Explored& baseline : result_.baselines) kept.push_back(baseline.evaluation.key);
    // While a resumed search replays its log, weights of generations that are still to come lie in
    // the store.
    if (progress_.trained > 0) store_.keep_weights_of(kept);
    double box = 1;
    for (const double extent : result_.reference_point) box *= extent;
    result_.hypervolume.push_back(hypervolume(points, result_.reference_point) / box);
    progress_.hypervolume = result_.hypervolume.back();
    progress_.front_size = result_.front.size();
    if (hooks_.on_generation) hooks_.on_generation(progress_, result_);
  }

  void measure_test_accuracy() {
    std::vector<Explored*> wanted;
    for (const std::size_t i : result_.front) wanted.push_back(&result_.evaluated[i]);
    for (Explored& baseline : result_.baselines) wanted.push_back(&baseline);
    parallel_tasks(wanted.size(), [&](std::size_t i) {
      Evaluation& evaluation = wanted[i]->evaluation;
      if (evaluation.test_accuracy >= 0 || (hooks_.stop_requested && hooks_.stop_requested()))
        return;
      if (auto weights = store_.weights(evaluation.key)) {
        evaluation.parameters = std::move(*weights);
      } else {
        evaluation.parameters =
            evaluator_.evaluate(wanted[i]->candidate, hooks_.stop_requested).parameters;
      }
      if (hooks_.stop_requested && hooks_.stop_requested()) return;
      evaluation.test_accuracy = evaluator_.test_accuracy(wanted[i]->candidate, evaluation);
      evaluation.parameters.clear();
      store_.add_test_accuracy(evaluation.key, evaluation.test_accuracy);
    });
    result_.interrupted = std::any_of(wanted.begin(), wanted.end(), [](const Explored* explored) {
      return explored->evaluation.test_accuracy < 0;
    });
  }

  const SearchSpace& space_;
  const Evaluator& evaluator_;
  EvaluationStore& store_;
  const SearchOptions& options_;
  const LossScalingOptions& loss_scaling_;
  const ExploreHooks& hooks_;
  IntegerSpace genomes_;
  std::vector<Genome> seeds_;
  Nsga2 optimizer_;
  std::set<std::string> known_;  // keys of this search, whether or not the store had them before
  ExploreProgress progress_;
  std::mutex progress_mutex_;
  ExploreResult result_;
};

}  // namespace

ExploreResult explore(const SearchSpace& space, const Evaluator& evaluator, EvaluationStore& store,
                      const SearchOptions& options, const LossScalingOptions& loss_scaling,
                      const std::vector<Baseline>& baselines, const ExploreHooks& hooks) {
  return Search(space, evaluator, store, options, loss_scaling, hooks).run(baselines);
}

}  // namespace mantissa
