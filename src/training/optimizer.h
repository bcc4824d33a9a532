#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "numeric/events.h"
#include "training/options.h"

namespace mantissa {

/// The formats in which one parameter and its optimiser state are kept, and where what happens on
/// the way there is counted, if it is.
struct UpdateFormats {
  Quantization master_weight;
  Quantization optimizer_state;
  TensorEventCounter* master_weight_events = nullptr;
  TensorEventCounter* optimizer_state_events = nullptr;
};

/// The update of the parameters, in binary32, its results rounded into each parameter's formats.
///
/// sgd (Sutskever et al., ICML 2013, as PyTorch writes it): g += weight_decay w; v = momentum v +
/// g; w -= rate (nesterov ? g + momentum v : v). adam (Kingma & Ba, ICLR 2015, algorithm 1): weight
/// decay is added to the gradient. adamw (Loshchilov & Hutter, ICLR 2019, algorithm 2): w -= rate
/// weight_decay w beside the step.
class Optimizer {
 public:
  /// `formats`: one for each parameter.
  Optimizer(const OptimizerOptions& options, std::vector<UpdateFormats> formats);

  /// Begins a step: every parameter that `update` is called for then belongs to it.
  /// Numeric events of a step are counted if `counts` is set.
  void begin_step(double learning_rate, bool counts = false);

  /// Updates parameter `index` in place. The first call for an index fixes its number of elements.
  void update(std::size_t index, std::span<float> parameter, std::span<const float> gradient,
              RandomKey key);

 private:
  struct State {
    std::vector<float> first;   ///< velocity, or first moment
    std::vector<float> second;  ///< second moment
  };

  OptimizerOptions options_;
  std::vector<UpdateFormats> formats_;
  std::vector<State> states_;
  float learning_rate_ = 0;
  bool counts_ = false;
  double beta1_power_ = 1;  ///< beta1^t
  double beta2_power_ = 1;
};

}  // namespace mantissa
