#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct UnaryCase {
  std::string op_type;
  std::function<double(double)> definition;
  double low = -4;
  double high = 4;
  std::vector<std::pair<std::string, float>> attributes = {};
  int opset = 14;
};

const std::vector<UnaryCase>& unary_cases() {
  static const std::vector<UnaryCase> cases = {
      {"Relu", [](double x) { return x > 0 ? x : 0; }},
      {"LeakyRelu", [](double x) { return x > 0 ? x : 0.01 * x; }},
      {"LeakyRelu", [](double x) { return x > 0 ? x : 0.25 * x; }, -4, 4, {{"alpha", 0.25F}}},
      {"Elu", [](double x) { return x > 0 ? x : std::exp(x) - 1; }},
      {"Elu",
       [](double x) { return x > 0 ? x : 0.5 * (std::exp(x) - 1); },
       -4,
       4,
       {{"alpha", 0.5F}}},
      {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"HardSigmoid", [](double x) { return std::max(0.0, std::min(1.0, 0.2 * x + 0.5)); }},
      {"HardSigmoid",
       [](double x) { return std::max(0.0, std::min(1.0, 0.5 * x + 0.25)); },
       -4,
       4,
       {{"alpha", 0.5F}, {"beta", 0.25F}}},
      {"HardSwish", [](double x) { return x * std::max(0.0, std::min(1.0, x / 6 + 0.5)); }},
      {"Exp", [](double x) { return std::exp(x); }, -4, 3},
      {"Log", [](double x) { return std::log(x); }, 0.5, 4},
      {"Sqrt", [](double x) { return std::sqrt(x); }, 0.5, 4},
      {"Reciprocal", [](double x) { return 1 / x; }, 0.75, 4},
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::fabs(x); }},
      {"Clip",
       [](double x) { return std::max(-1.0, std::min(2.0, x)); },
       -4,
       4,
       {{"min", -1.0F}, {"max", 2.0F}},
       10},
  };
  return cases;
}

OperatorCase operator_case(const UnaryCase& unary, Tensor input) {
  OperatorCase node(unary.op_type, unary.opset);
  for (const auto& [name, value] : unary.attributes) node.attribute(name, Attributes::Value(value));
  node.input(std::move(input));
  return node;
}

/// Values away from the kinks of all functions above, which lie at multiples of 1/2.
Tensor values_between_kinks(const Shape& shape, double low, double high) {
  Tensor tensor = random_tensor(shape, 3, low, high);
  for (float& value : tensor.values()) {
    const float floor = std::floor(value * 2) / 2;
    value = floor + 0.0625F + (value - floor) * 0.75F;
  }
  return tensor;
}

TEST_CASE("unary operators agree with their definition in binary64") {
  for (const UnaryCase& unary : unary_cases()) {
    const Tensor x = random_tensor({3, 5, 7}, 1, unary.low, unary.high);
    const ForwardResult result = run_forward(operator_case(unary, x.clone()));
    CHECK(result.outputs[0].shape() == Shape{3, 5, 7});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = unary.definition(static_cast<double>(x.data()[i]));
      INFO(unary.op_type << "(" << x.data()[i] << ")");
      REQUIRE(std::fabs(static_cast<double>(result.outputs[0].data()[i]) - expected) <=
              4e-7 * std::max(1.0, std::fabs(expected)));
    }
  }
}

TEST_CASE("gradients of unary operators agree with central differences") {
  for (const UnaryCase& unary : unary_cases()) {
    check_gradients(operator_case(unary, values_between_kinks({2, 3, 5}, unary.low, unary.high)));
  }
}

TEST_CASE("unary operators have the same bits on any number of threads") {
  for (const UnaryCase& unary : unary_cases()) {
    check_threads(operator_case(unary, random_tensor({9, 33, 251}, 1, unary.low, unary.high)));
  }
}

TEST_CASE("unary operators keep NaN, so that a failure shows") {
  for (const UnaryCase& unary : unary_cases()) {
    INFO(unary.op_type);
    const ForwardResult result = run_forward(operator_case(unary, Tensor(Shape{3}, std::nanf(""))));
    for (const float y : result.outputs[0].values()) CHECK(std::isnan(y));
  }
}

TEST_CASE("derivatives at kinks: 0 at Relu's 0 and at both bounds of Clip and HardSigmoid") {
  const auto gradient_at = [](OperatorCase node, float x) {
    node.input(Tensor(Shape{1}, x));
    const std::unique_ptr<Operator> op = node.prepare();
    const ForwardResult forward = run_forward(node, *op, node.input_values());
    const Tensor one(Shape{1}, 1.0F);
    return run_backward(node, *op, node.input_values(), forward, {&one}, {true})[0].data()[0];
  };
  const auto clip = [] {
    return OperatorCase("Clip", 6)
        .attribute("min", Attributes::Value(0.0F))
        .attribute("max", Attributes::Value(6.0F));
  };
  CHECK(gradient_at(OperatorCase("Relu"), 0.0F) == 0);
  CHECK(gradient_at(OperatorCase("LeakyRelu"), 0.0F) == 0.01F);
  CHECK(gradient_at(OperatorCase("Abs"), 0.0F) == 0);
  CHECK(gradient_at(clip(), 0.0F) == 0);
  CHECK(gradient_at(clip(), 3.0F) == 1);
  CHECK(gradient_at(clip(), 6.0F) == 0);
  CHECK(gradient_at(OperatorCase("HardSigmoid"), -2.5F) == 0);
  CHECK(gradient_at(OperatorCase("HardSwish", 14), -3.0F) == 0);
  CHECK(gradient_at(OperatorCase("HardSwish", 14), 3.0F) == 1);
}

TEST_CASE("Relu writes +0 for both zeros and keeps infinity") {
  const std::vector<float> x = {0.0F, -0.0F, kInfinity, -kInfinity, -1.0F, 2.0F};
  const ForwardResult result = run_forward(OperatorCase("Relu").input(Tensor(Shape{6}, x)));
  CHECK(elements(result.outputs[0]) == std::vector<float>{0, 0, kInfinity, 0, 0, 2});
  for (const float y : result.outputs[0].values()) CHECK_FALSE(std::signbit(y));
}

Constant number(float value) {
  return std::make_shared<const Tensor>(Shape{}, value);
}

TEST_CASE("Clip takes its bounds from inputs since opset 11, each of them optional") {
  const Tensor x(Shape{4}, std::vector<float>{-8, -1, 1, 8});
  const auto clipped = [&](OperatorCase node) { return elements(run_forward(node).outputs[0]); };
  CHECK(
      clipped(OperatorCase("Clip", 11).input(x.clone()).constant(number(-2)).constant(number(3))) ==
      std::vector<float>{-2, -1, 1, 3});
  CHECK(clipped(OperatorCase("Clip", 12).input(x.clone()).absent().constant(number(3))) ==
        std::vector<float>{-8, -1, 1, 3});
  CHECK(clipped(OperatorCase("Clip", 13).input(x.clone()).constant(number(-2))) ==
        std::vector<float>{-2, -1, 1, 8});
  CHECK(clipped(OperatorCase("Clip", 6).input(x.clone())) == elements(x));
  check_gradients(OperatorCase("Clip", 13)
                      .input(values_between_kinks({4, 5}, -4, 4))
                      .constant(number(-1))
                      .constant(number(2.5F)));
}

TEST_CASE("Clip refuses bounds that are crossed, vectors, or computed") {
  const Tensor x(Shape{4}, 0.0F);
  CHECK(refusal(OperatorCase("Clip").input(x.clone()).constant(number(2)).constant(number(1))) ==
        "node 'node' (Clip, opset 13): min is 2 and max is 1: nothing lies between");
  const Constant pair = std::make_shared<const Tensor>(Shape{2}, 1.0F);
  CHECK(refusal(OperatorCase("Clip").input(x.clone()).constant(pair)) ==
        "node 'node' (Clip, opset 13): input 1 ('min') must hold one number; its shape is [2]");
  CHECK(refusal(OperatorCase("Clip").input(x.clone()).input(x.clone())) ==
        "node 'node' (Clip, opset 13): input 1 ('min') is computed at run time; only a value that "
        "the model fixes is supported");
}

TEST_CASE("HardSwish is unknown before opset 14") {
  CHECK(refusal(OperatorCase("HardSwish", 13).input(Tensor(Shape{1}, 0.0F))) ==
        "node 'node' (HardSwish, opset 13): this operator is supported from opset 14 to 17");
}

TEST_CASE("work counts elements, and exponentials apart from adds and multiplies") {
  const OperatorWork relu = OperatorCase("Relu").input(Tensor(Shape{2, 5}, 0.0F)).prepare()->work();
  CHECK(relu.input_elements == 10);
  CHECK(relu.output_elements == 10);
  CHECK(relu.elementwise_forward == 10);
  CHECK(relu.elementwise_backward == 10);
  CHECK(relu.special_forward == 0);
  const OperatorWork tanh = OperatorCase("Tanh").input(Tensor(Shape{2, 5}, 0.0F)).prepare()->work();
  CHECK(tanh.special_forward == 20);
  CHECK(tanh.elementwise_backward == 30);
}

}  // namespace
}  // namespace mantissa
