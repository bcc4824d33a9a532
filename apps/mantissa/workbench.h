#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "graph/graph.h"
#include "hardware/accelerator.h"
#include "hardware/cost.h"
#include "scenario/scenario.h"
#include "search/evaluation.h"

namespace mantissa {

/// Everything a scenario names, loaded: what the commands that train or price something start from.
struct Workbench {
  Scenario scenario;
  Graph graph;
  Network network;  ///< prepared for the training batch
  std::vector<Layer> network_layers;
  std::vector<std::string> layer_names;
  DataSource data;  ///< resized to the network's input where it differs
  Split split;
  std::vector<std::int32_t> test_indices;
  Normalization normalization;
  Accelerator accelerator;

  /// The scenario's own assignment and loss scaling.
  Candidate candidate() const;

  /// A recipe (`fp32`, `amp-fp16`, `amp-bf16`), or a format that every layer uses for weights,
  /// activations, errors and outputs.
  Candidate named_candidate(const std::string& name) const;

  /// Data of a run. `with_test`: the test set is evaluated at the end.
  TrainingData training_data(bool with_test) const;

  /// The scenario's training options with the candidate's loss scaling and another seed.
  TrainingOptions training_options(const Candidate& candidate, std::uint64_t seed) const;

  /// The modelled cost of one training step.
  StepCost cost(const Assignment& assignment) const;
};

/// Loads model, data and accelerator and checks that they fit each other. Throws Error.
Workbench open_workbench(const std::filesystem::path& scenario);

/// Trains candidates on a workbench and prices them; the Evaluator that `mantissa explore` searches
/// with.
class WorkbenchEvaluator : public Evaluator {
 public:
  explicit WorkbenchEvaluator(const Workbench& workbench) : bench_(workbench) {}

  std::string key(const Candidate& candidate) const override;
  Evaluation evaluate(const Candidate& candidate,
                      const std::function<bool()>& stop_requested) const override;
  double test_accuracy(const Candidate& candidate, const Evaluation& trained) const override;
  std::vector<double> objectives(const Candidate& candidate,
                                 const Evaluation& evaluation) const override;
  std::vector<double> modelled_objectives(const Candidate& candidate) const override;

 private:
  const Workbench& bench_;
};

}  // namespace mantissa
