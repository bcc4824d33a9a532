#include <cmath>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

Tensor tensor(const Shape& shape, const std::vector<float>& values) {
  return {shape, values};
}

OperatorCase normalization(const Shape& x, int opset = 15) {
  const Shape channels{x[1]};
  return OperatorCase("BatchNormalization", opset)
      .input(random_tensor(x, 1, -1, 3))
      .parameter(random_tensor(channels, 2, 0.5, 2))
      .parameter(random_tensor(channels, 3))
      .parameter(random_tensor(channels, 4))
      .parameter(random_tensor(channels, 5, 0.5, 2));
}

/// x [2, 1, 2] = 1 2 3 6: mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5; with epsilon 0.5 the
/// deviation is 2.
OperatorCase by_hand() {
  return OperatorCase("BatchNormalization", 15)
      .attribute("epsilon", 0.5F)
      .attribute("momentum", 0.75F)
      .input(tensor(Shape{2, 1, 2}, {1, 2, 3, 6}))
      .parameter(tensor(Shape{1}, {4}))
      .parameter(tensor(Shape{1}, {10}))
      .parameter(tensor(Shape{1}, {1}))
      .parameter(tensor(Shape{1}, {15.5F}));
}

TEST_CASE("inference normalises by the running statistics") {
  const ForwardResult result = run_forward(by_hand());
  // (x - 1) / sqrt(15.5 + 0.5) * 4 + 10
  CHECK(elements(result.outputs[0]) == std::vector<float>{10, 11, 12, 15});
  CHECK(result.saved.empty());
}

TEST_CASE("training normalises by the batch and moves the running statistics") {
  const OperatorCase node = by_hand().mode(ExecutionMode::training);
  const auto op = node.prepare();
  const ForwardResult result = run_forward(node);
  CHECK(elements(result.outputs[0]) == std::vector<float>{6, 8, 10, 16});
  const std::vector<StateUpdate> updates = op->state_updates();
  REQUIRE(updates.size() == 2);
  CHECK(updates[0].input == 3);
  CHECK(updates[1].input == 4);
  CHECK(elements(result.saved[updates[0].saved]) == std::vector<float>{0.75F * 1 + 0.25F * 3});
  CHECK(elements(result.saved[updates[1].saved]) ==
        std::vector<float>{0.75F * 15.5F + 0.25F * 3.5F});
}

TEST_CASE("the gradient through the batch's statistics is what one computes by hand") {
  // normalised: -1 -0.5 0 1.5. g = 1 0 0 0: sum 1, with normalised -1.
  // grad_x = 4 / 2 * (g - 1/4 - normalised * (-1) / 4 )
  const OperatorCase node = by_hand().mode(ExecutionMode::training);
  const auto op = node.prepare();
  const TensorRefs inputs = node.input_values();
  const Tensor grad_y(Shape{2, 1, 2}, std::vector<float>{1, 0, 0, 0});
  const auto grads = run_backward(node, *op, inputs, run_forward(node, *op, inputs), {&grad_y},
                                  {true, true, true, false, false});
  CHECK(elements(grads[0]) == std::vector<float>{2 * (1 - 0.25F - 0.25F), 2 * (-0.25F - 0.125F),
                                                 2 * -0.25F, 2 * (-0.25F + 0.375F)});
  CHECK(elements(grads[1]) == std::vector<float>{-1});
  CHECK(elements(grads[2]) == std::vector<float>{1});
}

TEST_CASE("gradients are right in both modes, for images, sequences and plain features") {
  for (const Shape& shape :
       {Shape{3, 2, 3, 4}, Shape{2, 3, 5}, Shape{6, 4}, Shape{2, 3, 1, 1}, Shape{2, 2, 17}}) {
    for (const ExecutionMode mode : {ExecutionMode::inference, ExecutionMode::training}) {
      INFO(shape.text() << (mode == ExecutionMode::training ? " training" : " inference"));
      const OperatorCase node = normalization(shape).mode(mode);
      check_gradients(node);
      check_threads(node);
    }
  }
}

TEST_CASE(
    "training_mode means the batch's statistics in every mode, and gives the running ones as "
    "outputs") {
  const OperatorCase node = by_hand().attribute("training_mode", 1).outputs(3);
  const ForwardResult result = run_forward(node);
  CHECK(elements(result.outputs[0]) == std::vector<float>{6, 8, 10, 16});
  CHECK(elements(result.outputs[1]) == std::vector<float>{1.5F});
  CHECK(elements(result.outputs[2]) == std::vector<float>{12.5F});
  check_gradients(normalization({3, 2, 4}).attribute("training_mode", 1).outputs(3));
}

TEST_CASE("before opset 14 the batch's statistics are outputs as well") {
  OperatorCase node("BatchNormalization", 9);
  node.attribute("epsilon", 0.5F)
      .attribute("momentum", 0.75F)
      .outputs(5)
      .mode(ExecutionMode::training);
  node.input(tensor(Shape{2, 1, 2}, {1, 2, 3, 6}));
  for (const float value : {4.0F, 10.0F, 1.0F, 15.5F}) node.parameter(tensor(Shape{1}, {value}));
  const ForwardResult result = run_forward(node);
  CHECK(elements(result.outputs[1]) == std::vector<float>{1.5F});
  CHECK(elements(result.outputs[2]) == std::vector<float>{12.5F});
  CHECK(elements(result.outputs[3]) == std::vector<float>{3});
  CHECK(elements(result.outputs[4]) == std::vector<float>{3.5F});
}

TEST_CASE(
    "what training normalises has mean 0 and variance 1 in every channel, also far from zero") {
  Tensor x = random_tensor(Shape{16, 3, 9, 9}, 8);
  for (float& value : x.values()) value = value * 0.125F + 100;
  OperatorCase node("BatchNormalization", 15);
  node.mode(ExecutionMode::training).attribute("epsilon", 0.0F).input(std::move(x));
  node.parameter(Tensor(Shape{3}, 1.0F)).parameter(Tensor(Shape{3}, 0.0F));
  node.parameter(Tensor(Shape{3}, 0.0F)).parameter(Tensor(Shape{3}, 1.0F));
  const ForwardResult result = run_forward(node);
  for (std::int64_t c = 0; c < 3; ++c) {
    double sum = 0;
    double squares = 0;
    for (std::int64_t n = 0; n < 16; ++n) {
      for (std::int64_t i = 0; i < 81; ++i) {
        const auto y = static_cast<double>(result.outputs[0].data()[(n * 3 + c) * 81 + i]);
        sum += y;
        squares += y * y;
      }
    }
    CHECK(std::abs(sum / 1296) < 1e-4);
    CHECK(squares / 1296 == doctest::Approx(1).epsilon(1e-4));
  }
}

TEST_CASE("batch normalisation refuses parameters that do not fit") {
  const std::string node = "node 'node' (BatchNormalization, opset 15): ";
  const auto with_scale = [](const Shape& x, const Shape& scale) {
    return OperatorCase("BatchNormalization", 15)
        .input(Tensor(x, 0.0F))
        .parameter(Tensor(scale, 1.0F))
        .parameter(Tensor(Shape{3}, 1.0F))
        .parameter(Tensor(Shape{3}, 1.0F))
        .parameter(Tensor(Shape{3}, 1.0F));
  };
  CHECK(refusal(with_scale({2, 3, 4}, {4})) ==
        node + "input scale has shape [4]; input X [2, 3, 4] needs [3]");
  CHECK(refusal(with_scale({3}, {3})) ==
        node + "the input's shape is [3]; [batch, channels, ...] with elements is needed");
  CHECK(refusal(with_scale({2, 3, 4}, {3}).attribute("epsilon", -1.0F)) ==
        node + "epsilon is -1; it must not be negative");
  CHECK(refusal(with_scale({2, 3, 4}, {3}).attribute("momentum", 2.0F)) ==
        node + "momentum is 2; it must be in [0, 1]");
  CHECK(refusal(with_scale({2, 3, 4}, {3}).outputs(3)) ==
        node +
            "3 outputs without training_mode; running statistics are outputs only where "
            "training_mode is 1");
  CHECK(refusal(with_scale({2, 3, 4}, {3}).outputs(4)) ==
        node + "4 outputs; opset 15 has at most 3");
  CHECK(refusal(normalization({2, 3, 4}, 8)) ==
        "node 'node' (BatchNormalization, opset 8): this operator is supported from opset 9 to 17");
}

}  // namespace
}  // namespace mantissa
