#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "search/evaluation.h"
#include "search/evaluation_store.h"
#include "search/search_space.h"

namespace mantissa {

/// A candidate that is evaluated beside the search, for comparison.
struct Baseline {
  std::string name;
  Candidate candidate;
};

/// A candidate with all that became known of it.
struct Explored {
  std::string name;    ///< of a baseline; empty for a genome
  Genome genome;       ///< empty for a baseline
  int generation = 0;  ///< that proposed it first
  Candidate candidate;
  Evaluation evaluation;
  std::vector<double> objectives;  ///< in the scenario's order
};

struct ExploreResult {
  bool interrupted = false;
  std::vector<Explored>
      evaluated;  ///< distinct candidates of the search, in the order of their proposal
  std::vector<std::size_t> front;  ///< indices of the non-dominated ones, by ascending objectives
  std::vector<Explored> baselines;
  std::vector<double> reference_point;  ///< of the hypervolume
  std::vector<double>
      hypervolume;      ///< of the archive after each generation, as a share of the reference box
  int generations = 0;  ///< that were completed
  std::int64_t cache_hits = 0;  ///< proposals whose candidate was known already
  std::int64_t diverged = 0;    ///< among `evaluated`
  std::size_t resumed = 0;      ///< evaluations found in the store
};

/// Where a search stands, told after every evaluation.
struct ExploreProgress {
  int generation = 0;  ///< from 0
  int generations = 0;
  std::size_t done_in_generation = 0;
  std::size_t generation_size = 0;
  std::size_t trained = 0;  ///< since this process began
  double hypervolume = 0;   ///< after the last generation
  std::size_t front_size = 0;
};

struct ExploreHooks {
  std::function<bool()> stop_requested;
  std::function<void(const ExploreProgress&)> on_evaluation;  ///< one call at a time
  std::function<void(const ExploreProgress&, const ExploreResult&)> on_generation;
};

/// Searches the space with NSGA-II from its uniform genomes on, and measures the front and the
/// baselines on the test set.
///
/// Candidates of a generation are trained side by side. Every finished training is in the store
/// before it is used, so that after an interruption, however rude, the same call goes on where it
/// stood; its result does not depend on that, nor on threads. When `stop_requested` answers true,
/// nothing new is begun, trainings under way are given up and the result is marked as interrupted.
///
/// The hypervolume's reference point: error 1; for the other objectives 1.1 times the largest value
/// among the baselines and the uniform genomes.
ExploreResult explore(const SearchSpace& space, const Evaluator& evaluator, EvaluationStore& store,
                      const SearchOptions& options, const LossScalingOptions& loss_scaling,
                      const std::vector<Baseline>& baselines, const ExploreHooks& hooks);

}  // namespace mantissa
