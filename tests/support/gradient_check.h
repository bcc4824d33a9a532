#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/operator_case.h"

namespace mantissa {

struct GradientCheckOptions {
  std::vector<std::size_t> loss_outputs = {0};  ///< the others are taken as unused
  /// Half the distance of the two points; a power of two, so that most points are exact. A kink
  /// nearer than this to an input spoils the check: see `spaced_tensor`.
  double step = 0x1p-5;
  double tolerance = 2e-4;  ///< of the largest gradient of the same input (at least 1)
};

namespace gradient_check {

/// sum(w .* (forward(inputs + step) - forward(inputs - step))) / (distance of the points), in
/// double. Elements that the input does not reach cancel exactly.
inline double difference_quotient(const OperatorCase& node, const Operator& op, TensorRefs inputs,
                                  std::size_t input, std::size_t element, double step,
                                  const TensorRefs& loss_weights) {
  Tensor moved = inputs[input]->clone();
  inputs[input] = &moved;
  const float centre = moved.data()[element];
  const auto above = static_cast<float>(static_cast<double>(centre) + step);
  const auto below = static_cast<float>(static_cast<double>(centre) - step);
  moved.data()[element] = above;
  const ForwardResult plus = run_forward(node, op, inputs);
  moved.data()[element] = below;
  const ForwardResult minus = run_forward(node, op, inputs);
  double difference = 0;
  for (std::size_t output = 0; output < loss_weights.size(); ++output) {
    if (loss_weights[output] == nullptr) continue;
    for (std::size_t i = 0; i < loss_weights[output]->size(); ++i) {
      const double change = static_cast<double>(plus.outputs[output].data()[i]) -
                            static_cast<double>(minus.outputs[output].data()[i]);
      difference += static_cast<double>(loss_weights[output]->data()[i]) * change;
    }
  }
  return difference / (static_cast<double>(above) - static_cast<double>(below));
}

/// Richardson's extrapolation of the central difference: the error falls with the fourth power of
/// the step, which may then be large enough for binary32 forward passes.
inline double numeric_gradient(const OperatorCase& node, const Operator& op,
                               const TensorRefs& inputs, std::size_t input, std::size_t element,
                               double step, const TensorRefs& loss_weights) {
  const double wide = difference_quotient(node, op, inputs, input, element, step, loss_weights);
  const double narrow =
      difference_quotient(node, op, inputs, input, element, step / 2, loss_weights);
  return (4 * narrow - wide) / 3;
}

inline void compare_input(const OperatorCase& node, const Operator& op, const TensorRefs& inputs,
                          std::size_t input, const Tensor& gradient, const TensorRefs& loss_weights,
                          const GradientCheckOptions& options) {
  std::vector<double> expected(gradient.size());
  double scale = 1;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expected[i] = numeric_gradient(node, op, inputs, input, i, options.step, loss_weights);
    scale = std::max(scale, std::abs(expected[i]));
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double actual = static_cast<double>(gradient.data()[i]);
    const bool near = std::abs(actual - expected[i]) <= options.tolerance * scale;
    INFO(node.node().op_type << ", input " << input << " of shape " << inputs[input]->shape().text()
                             << ", element " << i << ": backward gives " << actual
                             << ", central difference " << expected[i]);
    REQUIRE(near);
  }
}

}  // namespace gradient_check

/// Compares backward with central differences of the loss sum(w .* output), w random, by every
/// element of every differentiable input; and checks that each gradient has the same bits when it
/// is the only one asked for.
inline void check_gradients(const OperatorCase& node, const GradientCheckOptions& options = {}) {
  const std::unique_ptr<Operator> op = node.prepare();
  const TensorRefs inputs = node.input_values();
  const ForwardResult forward = run_forward(node, *op, inputs);

  std::vector<Tensor> weights;
  for (std::size_t i = 0; i < forward.outputs.size(); ++i) {
    weights.push_back(random_tensor(forward.outputs[i].shape(), 77 + i, -1.5, 1.5));
  }
  TensorRefs loss_weights(weights.size(), nullptr);
  for (const std::size_t output : options.loss_outputs) loss_weights[output] = &weights[output];

  const std::vector<bool> wanted = differentiable_inputs(*op, inputs);
  REQUIRE(std::count(wanted.begin(), wanted.end(), true) > 0);
  const std::vector<Tensor> gradients =
      run_backward(node, *op, inputs, forward, loss_weights, wanted);
  for (std::size_t input = 0; input < inputs.size(); ++input) {
    if (!wanted[input]) continue;
    gradient_check::compare_input(node, *op, inputs, input, gradients[input], loss_weights,
                                  options);
    std::vector<bool> alone(inputs.size(), false);
    alone[input] = true;
    const auto single = run_backward(node, *op, inputs, forward, loss_weights, alone);
    INFO(node.node().op_type << ": the gradient by input " << input << " asked for alone");
    CHECK(same_bits(single[input], gradients[input]));
  }
}

/// Forward and backward give the same bits on 1, 2 and 3 threads.
inline void check_threads(const OperatorCase& node) {
  const std::unique_ptr<Operator> op = node.prepare();
  const TensorRefs inputs = node.input_values();
  const std::vector<bool> wanted = differentiable_inputs(*op, inputs);
  std::vector<Tensor> reference;
  for (const int threads : {1, 2, 3}) {
    std::vector<Tensor> results;
    with_threads(threads, [&] {
      ForwardResult forward = run_forward(node, *op, inputs);
      const Tensor grad = random_tensor(forward.outputs[0].shape(), 5);
      TensorRefs grads(forward.outputs.size(), nullptr);
      grads[0] = &grad;
      results = run_backward(node, *op, inputs, forward, grads, wanted);
      for (Tensor& output : forward.outputs) results.push_back(std::move(output));
      for (Tensor& saved : forward.saved) results.push_back(std::move(saved));
    });
    if (reference.empty())
      reference = std::move(results);
    else {
      REQUIRE(results.size() == reference.size());
      for (std::size_t i = 0; i < results.size(); ++i) {
        INFO(node.node().op_type << " on " << threads << " threads, tensor " << i);
        CHECK(same_bits(results[i], reference[i]));
      }
    }
  }
}

}  // namespace mantissa
