#pragma once

#include <memory>
#include <span>

#include "kernels/softmax.h"
#include "ops/operator.h"

namespace mantissa {

/// Softmax or LogSoftmax: functions of kernels/softmax.h.
struct SoftmaxFunction {
  void (*value)(const SoftmaxShape& shape, const float* x, float* y) = nullptr;
  void (*gradient)(const SoftmaxShape& shape, const float* y, const float* grad_y,
                   float* grad_x) = nullptr;
  std::int64_t elementwise_forward = 0;  ///< by element, as are the others
  std::int64_t special_forward = 0;
  std::int64_t elementwise_backward = 0;
  std::int64_t special_backward = 0;
};

/// Since opset 13 along `axis` (default -1); before it over all axes from `axis` on (default 1)
/// taken as one.
std::unique_ptr<Operator> make_softmax_rows(const NodeSpec& node, std::span<const InputSpec> inputs,
                                            const SoftmaxFunction& function);

}  // namespace mantissa
