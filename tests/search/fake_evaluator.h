#pragma once

#include <atomic>
#include <cmath>
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "numeric/format.h"
#include "search/evaluation.h"
#include "support/files.h"

namespace mantissa {

/// Two layers and an accuracy that is a formula of the formats' widths: a search in microseconds
/// whose true front can be counted out.
class FakeEvaluator : public Evaluator {
 public:
  static std::vector<std::string> layer_names() { return {"conv1", "fc1"}; }

  static double bits(const Assignment& assignment, std::size_t layer, Role role) {
    return facts(assignment.layers[layer].tensor(role).format).storage_bits;
  }

  std::string key(const Candidate& candidate) const override {
    return sha256_hex(to_json(candidate.assignment).dump()).substr(0, 32);
  }

  Evaluation evaluate(const Candidate& candidate,
                      const std::function<bool()>& stop_requested) const override {
    Evaluation evaluation;
    evaluation.key = key(candidate);
    if (stop_requested && stop_requested()) {
      evaluation.status = TrainingStatus::stopped;
      return evaluation;
    }
    ++trainings;
    const Assignment& assignment = candidate.assignment;
    const double first = bits(assignment, 0, Role::weight);
    const double second = bits(assignment, 1, Role::weight);
    evaluation.validation_accuracy = 1 - 0.4 * std::exp2(-first / 4) - 0.3 * std::exp2(-second / 8);
    if (first <= 4 && second <= 4) {
      evaluation.status = TrainingStatus::diverged;
      evaluation.status_reason = "too narrow";
    }
    evaluation.steps = 10;
    evaluation.epochs = {{1, 0.5, 0.9, 0.6, evaluation.validation_accuracy, 0.01}};
    evaluation.parameters = {{static_cast<float>(first), static_cast<float>(second)}, {}};
    return evaluation;
  }

  double test_accuracy(const Candidate& /*candidate*/, const Evaluation& trained) const override {
    return trained.parameters.at(0).at(0) / 100 + trained.parameters.at(0).at(1) / 1000;
  }

  std::vector<double> modelled_objectives(const Candidate& candidate) const override {
    return {std::numeric_limits<double>::quiet_NaN(),
            10 * bits(candidate.assignment, 0, Role::weight) +
                bits(candidate.assignment, 1, Role::weight)};
  }

  std::vector<double> objectives(const Candidate& candidate,
                                 const Evaluation& evaluation) const override {
    std::vector<double> values = modelled_objectives(candidate);
    values[0] = 1 - evaluation.validation_accuracy;
    return values;
  }

  mutable std::atomic<int> trainings{0};
};

}  // namespace mantissa
