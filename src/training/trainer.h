#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "graph/assignment.h"
#include "graph/graph.h"
#include "support/random.h"

namespace mantissa {

enum class OptimizerKind : std::uint8_t { sgd, adam, adamw };

/// Hyper-parameters of the update; defaults are those of the papers.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::sgd;
  double learning_rate = 0.05;
  double momentum = 0.9;       ///< sgd
  bool nesterov = false;       ///< sgd
  double beta1 = 0.9;          ///< adam, adamw (Kingma & Ba 2015)
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;     ///< sgd, adam: added to the gradient; adamw: decoupled (Loshchilov & Hutter 2019)
};

enum class ScheduleKind : std::uint8_t { constant, step, cosine };

/// The learning rate over a run.
struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::constant;
  int step_epochs = 1;        ///< step: every so many epochs ...
  double step_factor = 0.1;   ///< ... the rate is multiplied by this
  double final_fraction = 0;  ///< cosine: the rate ends at this fraction of its start (Loshchilov & Hutter 2017)
  int warmup_steps = 0;       ///< linear from 0
};

enum class LossScalingKind : std::uint8_t { none, fixed, dynamic };

/// Loss scaling (Micikevicius et al., ICLR 2018): dynamic doubles after `growth_interval` good steps; on a non-finite
/// gradient it halves and skips the step.
struct LossScalingOptions {
  LossScalingKind kind = LossScalingKind::none;
  double initial_scale = 65536;
  int growth_interval = 200;
};

struct TrainingOptions {
  int epochs = 1;
  std::int64_t batch_size = 64;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  LossScalingOptions loss_scaling;
  Augmentation augmentation;
  double label_smoothing = 0;
  bool reinitialize = true;   ///< weights drawn anew (He normal) from the seed; false: the model's own are the start
  std::uint64_t seed = 1;
  int patience_steps = 100;   ///< a loss above its first value for so many steps ends the run as diverged
};

/// What one epoch showed.
struct EpochResult {
  int epoch = 0;                   ///< from 1
  double training_loss = 0;        ///< mean over the epoch, nats a sample
  double training_accuracy = 0;    ///< of the batches as they were trained, in [0, 1]
  double validation_loss = 0;
  double validation_accuracy = 0;
  double elapsed_seconds = 0;      ///< since the start of the run
};

enum class TrainingStatus : std::uint8_t { finished, diverged, stopped };

struct TrainingResult {
  TrainingStatus status = TrainingStatus::finished;
  std::string status_reason;             ///< why it diverged, for people
  std::vector<EpochResult> epochs;
  std::vector<double> step_losses;       ///< training loss of every step, nats a sample
  std::int64_t steps = 0;
  std::int64_t skipped_steps = 0;        ///< by dynamic loss scaling
  double final_loss_scale = 1;
  double validation_accuracy = 0;        ///< after the last epoch
  double test_accuracy = -1;             ///< -1: not asked for
  double elapsed_seconds = 0;
  std::vector<Tensor> parameters;        ///< trained, in the graph's order
};

/// Data of a run. References must outlive it.
struct TrainingData {
  const Dataset& training;
  std::span<const std::int32_t> training_indices;
  std::span<const std::int32_t> validation_indices;   ///< into `training`
  const Dataset* test = nullptr;                       ///< evaluated at the end if given
  Normalization normalization;
};

struct TrainingHooks {
  std::function<void(const EpochResult&)> on_epoch;
  std::function<void(std::int64_t step, std::int64_t steps, double loss)> on_step;
  std::function<bool()> stop_requested;   ///< asked before each step
};

/// Trains a copy of the graph's parameters. Re-entrant; the same arguments give the same bits on any number of threads.
/// Throws Error if the network does not fit the data (input shape, number of classes).
TrainingResult train(const Graph& graph, const Assignment& assignment, const TrainingData& data,
                     const TrainingOptions& options, const TrainingHooks& hooks = {});

/// Names of the built-in recipes: `fp32`, `amp-fp16`, `amp-bf16`.
struct Recipe {
  std::string name;
  std::string summary;
  Assignment assignment;
  LossScalingOptions loss_scaling;
};
std::vector<std::string> recipe_names();
/// Throws Error with the nearest name.
Recipe make_recipe(std::string_view name, const std::vector<std::string>& layer_names);

}  // namespace mantissa
