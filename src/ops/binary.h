#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "ops/operator.h"
#include "ops/unary.h"

namespace mantissa {

/// What a binary function's gradients are made of. `grad_y` and y have the broadcast shape.
struct BinaryGradient {
  const Tensor& a;
  const Tensor& b;
  const Tensor& y;
  const Tensor& grad_y;
};

/// A function of two numbers over broadcast tensors.
struct BinaryFunction {
  std::function<void(const Tensor& a, const Tensor& b, Tensor& y)> value;
  /// Gradients by a and b for every element of y, in the broadcast shape; the operator sums them
  /// over the axes that were broadcast.
  std::function<void(const BinaryGradient& g, Tensor& terms)> gradient_a;
  std::function<void(const BinaryGradient& g, Tensor& terms)> gradient_b;
  ElementCost cost;  ///< without the sums
};

/// An operator that applies `function` to inputs 0 and 1, either of which may be a constant.
std::unique_ptr<Operator> make_binary(std::span<const InputSpec> inputs, BinaryFunction function);

}  // namespace mantissa
