#pragma once

#include <cstdint>

#include "data/dataset.h"

namespace mantissa {

enum class OptimizerKind : std::uint8_t { sgd, adam, adamw };

/// Hyper-parameters of the update; defaults are those of the papers.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::sgd;
  double learning_rate = 0.05;
  double momentum = 0.9;  ///< sgd
  bool nesterov = false;  ///< sgd
  double beta1 = 0.9;     ///< adam, adamw (Kingma & Ba 2015)
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay =
      0;  ///< sgd, adam: added to the gradient; adamw: decoupled (Loshchilov & Hutter 2019)
};

enum class ScheduleKind : std::uint8_t { constant, step, cosine };

/// The learning rate over a run.
struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::constant;
  int step_epochs = 1;       ///< step: every so many epochs ...
  double step_factor = 0.1;  ///< ... the rate is multiplied by this
  double final_fraction =
      0;  ///< cosine: the rate ends at this fraction of its start (Loshchilov & Hutter 2017)
  int warmup_steps = 0;  ///< linear from 0
};

enum class LossScalingKind : std::uint8_t { none, fixed, dynamic };

/// Loss scaling (Micikevicius et al., ICLR 2018): dynamic doubles after `growth_interval` good
/// steps; on a non-finite gradient it halves and skips the step.
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
  bool reinitialize = true;  ///< weights drawn anew from the seed (initialization.h); false: the
                             ///< model's own are the start
  std::uint64_t seed = 1;
  int patience_steps =
      100;  ///< a loss above its first value for so many steps ends the run as diverged
};

}  // namespace mantissa
