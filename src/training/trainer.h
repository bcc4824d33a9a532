#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "graph/assignment.h"
#include "graph/graph.h"
#include "training/execution.h"
#include "training/options.h"

namespace mantissa {

/// What one epoch showed.
struct EpochResult {
  int epoch = 0;                 ///< from 1
  double training_loss = 0;      ///< mean over the epoch, nats a sample
  double training_accuracy = 0;  ///< of the batches as they were trained, in [0, 1]
  double validation_loss = 0;
  double validation_accuracy = 0;
  double elapsed_seconds = 0;  ///< since the start of the run
};

enum class TrainingStatus : std::uint8_t { finished, diverged, stopped };

struct TrainingResult {
  TrainingStatus status = TrainingStatus::finished;
  std::string status_reason;  ///< why it diverged, for people
  std::vector<EpochResult> epochs;
  std::vector<double> step_losses;  ///< training loss of every step, nats a sample
  std::int64_t steps = 0;
  std::int64_t skipped_steps = 0;  ///< by dynamic loss scaling
  double final_loss_scale = 1;
  double validation_accuracy = 0;  ///< after the last epoch
  double test_accuracy = -1;       ///< -1: not asked for
  double elapsed_seconds = 0;
  std::vector<Tensor> parameters;  ///< trained, in the graph's order
  std::vector<NodeSeconds>
      node_seconds;           ///< by node of the network, over all steps; empty unless asked for
  double update_seconds = 0;  ///< in the optimiser, over all steps
  NumericEvents events;       ///< empty unless asked for
};

/// Data of a run. References must outlive it.
struct TrainingData {
  const Dataset& training;
  std::span<const std::int32_t> training_indices;
  std::span<const std::int32_t> validation_indices;  ///< into `training`
  const Dataset* test = nullptr;                     ///< evaluated at the end if given ...
  std::span<const std::int32_t> test_indices;        ///< ... on these samples
  Normalization normalization;
};

struct TrainingHooks {
  std::function<void(const EpochResult&)> on_epoch;
  std::function<void(std::int64_t step, std::int64_t steps, double loss)> on_step;
  std::function<bool()> stop_requested;  ///< asked before each step
  bool measure_times = false;            ///< fill `node_seconds`
  bool count_events = true;              ///< fill `events`, and name one where a run diverges
};

/// Throws Error unless the network, prepared for the training batch, takes the data set's samples,
/// has an output for each class, and a batch fits into the training samples.
void require_fit(const Network& network, const TrainingData& data);

/// Trains a copy of the graph's parameters. Re-entrant; the same arguments give the same bits on
/// any number of threads. Throws Error as `require_fit`.
TrainingResult train(const Graph& graph, const Assignment& assignment, const TrainingData& data,
                     const TrainingOptions& options, const TrainingHooks& hooks = {});

}  // namespace mantissa
