#pragma once

#include <cstdint>

#include "training/options.h"

namespace mantissa {

/// The learning rate of step `step` (from 0) of `total_steps`, `steps_per_epoch` of which make an
/// epoch.
///
/// constant: the base rate. step: the base rate times step_factor for every step_epochs epochs that
/// are over. cosine: base (f + (1 - f) (1 + cos(pi step / total)) / 2) with f = final_fraction
/// (Loshchilov & Hutter, ICLR 2017). With warmup the first steps are scaled by (step + 1) /
/// warmup_steps. The cosine is computed from additions and multiplications alone, so it is the same
/// on every machine.
double learning_rate(const ScheduleOptions& schedule, double base_rate, std::int64_t step,
                     std::int64_t total_steps, std::int64_t steps_per_epoch);

}  // namespace mantissa
