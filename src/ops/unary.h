#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "ops/operator.h"

namespace mantissa {

/// What a function costs for one element.
struct ElementCost {
  std::int64_t elementwise_forward = 0;
  std::int64_t special_forward = 0;
  std::int64_t elementwise_backward = 0;
  std::int64_t special_backward = 0;
};

/// A function of one number, over blocks of a tensor (all arrays have `count` elements).
///
/// `gradient` finds x and y as they were stored: y may have been rounded since `forward` computed
/// it. Derivatives follow y where that is the cheaper formula, as hardware would.
struct UnaryFunction {
  std::function<void(const float* x, float* y, std::int64_t count)> value;
  std::function<void(const float* x, const float* y, const float* grad_y, float* grad_x,
                     std::int64_t count)>
      gradient;
  ElementCost cost;
};

/// An operator that applies `function` to each element of input 0.
std::unique_ptr<Operator> make_unary(std::span<const InputSpec> inputs, UnaryFunction function);

/// A UnaryFunction from scalar expressions `value(x)` and `gradient(x, y, grad_y)`. The loops
/// vectorise, `?:` included.
template <typename Value, typename Gradient>
UnaryFunction pointwise(Value value, Gradient gradient, const ElementCost& cost) {
  return {[value](const float* x, float* y, std::int64_t count) {
            const Value f = value;  // its parameters in registers: y might overlap the original
            for (std::int64_t i = 0; i < count; ++i) y[i] = f(x[i]);
          },
          [gradient](const float* x, const float* y, const float* grad_y, float* grad_x,
                     std::int64_t count) {
            const Gradient f = gradient;
            for (std::int64_t i = 0; i < count; ++i) grad_x[i] = f(x[i], y[i], grad_y[i]);
          },
          cost};
}

/// The same with a function from kernels/elementwise.h as value.
template <typename Gradient>
UnaryFunction with_kernel(void (*value)(const float*, float*, std::int64_t), Gradient gradient,
                          const ElementCost& cost) {
  UnaryFunction function = pointwise([](float x) { return x; }, gradient, cost);
  function.value = value;
  return function;
}

}  // namespace mantissa
