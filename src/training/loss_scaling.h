#pragma once

#include "training/options.h"

namespace mantissa {

/// The factor that gradients are scaled by on their way through narrow formats.
class LossScaler {
 public:
  explicit LossScaler(const LossScalingOptions& options)
      : options_(options),
        scale_(options.kind == LossScalingKind::none ? 1 : options.initial_scale) {}

  double scale() const { return scale_; }

  /// Whether gradients must be searched for infinities and NaN after each backward pass.
  bool checks_gradients() const { return options_.kind == LossScalingKind::dynamic; }

  /// Told after each backward pass; adapts the scale if it is dynamic.
  void step_done(bool gradients_finite) {
    if (options_.kind != LossScalingKind::dynamic) return;
    if (!gradients_finite) {
      scale_ = scale_ > kSmallest ? scale_ / 2 : kSmallest;
      good_steps_ = 0;
    } else if (++good_steps_ >= options_.growth_interval) {
      scale_ = scale_ < kLargest ? scale_ * 2 : kLargest;
      good_steps_ = 0;
    }
  }

 private:
  // Beyond these a power of two is no longer a normal binary32 number together with its inverse.
  static constexpr double kSmallest = 0x1p-100;
  static constexpr double kLargest = 0x1p100;

  LossScalingOptions options_;
  double scale_;
  int good_steps_ = 0;
};

}  // namespace mantissa
