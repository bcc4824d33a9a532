#include "training/schedule.h"

#include <algorithm>
#include <numbers>

namespace mantissa {
namespace {

/// cos(pi t) for t in [0, 1] by the Taylor series about pi/2, |error| < 1e-15.
double cosine_of_half_turns(double t) {
  const double x = std::numbers::pi * (0.5 - t);  // cos(pi t) = sin(pi/2 - pi t)
  double term = x;
  double sum = x;
  for (int n = 3; n < 30; n += 2) {
    term *= -x * x / (n * (n - 1));
    sum += term;
  }
  return sum;
}

}  // namespace

double learning_rate(const ScheduleOptions& schedule, double base_rate, std::int64_t step,
                     std::int64_t total_steps, std::int64_t steps_per_epoch) {
  double rate = base_rate;
  if (schedule.kind == ScheduleKind::step) {
    const std::int64_t drops =
        step / std::max<std::int64_t>(1, steps_per_epoch) / schedule.step_epochs;
    for (std::int64_t i = 0; i < drops; ++i) rate *= schedule.step_factor;
  } else if (schedule.kind == ScheduleKind::cosine && total_steps > 0) {
    const double progress = static_cast<double>(step) / static_cast<double>(total_steps);
    const double f = schedule.final_fraction;
    rate *= f + (1 - f) * (1 + cosine_of_half_turns(progress)) / 2;
  }
  if (step < schedule.warmup_steps) rate *= static_cast<double>(step + 1) / schedule.warmup_steps;
  return rate;
}

}  // namespace mantissa
