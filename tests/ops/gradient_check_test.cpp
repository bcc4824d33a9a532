#include "support/gradient_check.h"

#include <doctest/doctest.h>

namespace mantissa {
namespace {

TEST_CASE("the gradient check accepts Relu away from its kink") {
  const OperatorCase node = OperatorCase("Relu").input(spaced_tensor(Shape{2, 3, 4}, 1));
  check_gradients(node);
  check_threads(node);
}

/// y = x^3 with a backward pass that is wrong by `fault`.
class Cube final : public Operator {
 public:
  explicit Cube(float fault) : fault_(fault) { output_shapes_ = {Shape{1}}; }
  void forward(const ForwardArguments& arguments) const override {
    const float x = arguments.inputs[0]->data()[0];
    arguments.outputs[0]->data()[0] = x * x * x;
  }
  void backward(const BackwardArguments& arguments) const override {
    const float x = arguments.inputs[0]->data()[0];
    arguments.grad_inputs[0]->data()[0] =
        arguments.grad_outputs[0]->data()[0] * (3 * x * x + fault_);
  }
  OperatorWork work() const override { return {}; }

 private:
  float fault_;
};

TEST_CASE("the numeric gradient of a cubic is exact to rounding, so a small fault shows") {
  const Cube cube(0);
  const Tensor x(Shape{1}, 0.7F);
  const Tensor one(Shape{1}, 1.0F);
  const OperatorCase node("Cube");
  const double numeric = gradient_check::numeric_gradient(node, cube, {&x}, 0, 0, 0x1p-5, {&one});
  CHECK(numeric == doctest::Approx(3 * 0.49).epsilon(2e-5));
  const Cube wrong(0.01F);
  const ForwardResult forward = run_forward(node, wrong, {&x});
  const auto gradients = run_backward(node, wrong, {&x}, forward, {&one}, {true});
  CHECK(std::abs(static_cast<double>(gradients[0].data()[0]) - numeric) > 0.009);
}

TEST_CASE("spaced values are distinct, and away from zero and from each other") {
  const Tensor tensor = spaced_tensor(Shape{5, 7}, 3, 0.5);
  std::vector<float> values = elements(tensor);
  std::sort(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(std::abs(values[i]) >= 0.25F);
    if (i > 0) CHECK(values[i] - values[i - 1] >= 0.5F);
  }
  CHECK_FALSE(same_bits(tensor, spaced_tensor(Shape{5, 7}, 4, 0.5)));
}

}  // namespace
}  // namespace mantissa
