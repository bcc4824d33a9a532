#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "graph/assignment.h"
#include "training/trainer.h"

namespace mantissa {

/// What is trained: formats, and the loss scaling that goes with them.
struct Candidate {
  Assignment assignment;
  LossScalingOptions loss_scaling;
};

/// What training one candidate measured: the part of an evaluation that costs time, and so is kept
/// for ever.
struct Evaluation {
  std::string key;  ///< hash of everything that determines it: model, data, training, assignment,
                    ///< seed, numerics
  TrainingStatus status = TrainingStatus::finished;
  std::string status_reason;
  double validation_accuracy = 0;
  double test_accuracy = -1;  ///< -1: not measured yet
  std::vector<EpochResult> epochs;
  std::int64_t steps = 0;
  std::int64_t skipped_steps = 0;
  double final_loss_scale = 1;
  double elapsed_seconds = 0;
  NumericEvents events;
  std::vector<std::vector<float>> parameters;  ///< trained weights; kept out of the log
};

nlohmann::json to_json(const Evaluation& evaluation);
Evaluation evaluation_from_json(const nlohmann::json& value);

/// What the search knows of a problem: a seam at which a program composes training and cost model.
class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /// Key of the candidate's evaluation. Depends on nothing that does not change its result.
  virtual std::string key(const Candidate& candidate) const = 0;

  /// Trains the candidate. May run on several threads at once. With `stop_requested` answering true
  /// it returns early with TrainingStatus::stopped.
  virtual Evaluation evaluate(const Candidate& candidate,
                              const std::function<bool()>& stop_requested) const = 0;

  /// Accuracy on the held-back test set, from trained parameters.
  virtual double test_accuracy(const Candidate& candidate, const Evaluation& trained) const = 0;

  /// The objectives, all minimised and finite, of a candidate and its evaluation.
  virtual std::vector<double> objectives(const Candidate& candidate,
                                         const Evaluation& evaluation) const = 0;

  /// The same with NaN for those that only training can tell.
  virtual std::vector<double> modelled_objectives(const Candidate& candidate) const = 0;
};

}  // namespace mantissa
