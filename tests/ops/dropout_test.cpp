#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

OperatorCase dropout(Tensor x, float ratio, ExecutionMode mode = ExecutionMode::training) {
  return OperatorCase("Dropout", 11)
      .attribute("ratio", Attributes::Value(ratio))
      .input(std::move(x))
      .mode(mode);
}

TEST_CASE("Dropout does nothing in inference") {
  const Tensor x = random_tensor({3, 5}, 1);
  const OperatorCase node = dropout(x.clone(), 0.5F, ExecutionMode::inference).outputs(2);
  const ForwardResult result = run_forward(node);
  CHECK(same_bits(result.outputs[0], x));
  CHECK(elements(result.outputs[1]) == std::vector<float>(15, 1.0F));
}

TEST_CASE("in training an element is dropped by its own random word and else scaled") {
  const Tensor x = random_tensor({1003}, 1, 1, 2);
  const RandomKey key{99};
  const ForwardResult result = run_forward(dropout(x.clone(), 0.25F).key(key).outputs(2));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool kept = random_bits(key, i) >= 0x40000000U;
    CHECK(result.outputs[0].data()[i] == (kept ? x.data()[i] * (1 / 0.75F) : 0.0F));
    CHECK(result.outputs[1].data()[i] == (kept ? 1.0F : 0.0F));
  }
}

TEST_CASE("the share of dropped elements is the ratio, within four standard deviations") {
  for (const float ratio : {0.0F, 0.1F, 0.5F, 0.9F}) {
    const ForwardResult result = run_forward(dropout(Tensor(Shape{100000}, 1.0F), ratio));
    const auto zeros = static_cast<double>(
        std::count(result.outputs[0].values().begin(), result.outputs[0].values().end(), 0.0F));
    const double p = static_cast<double>(ratio);
    CHECK(std::fabs(zeros - 1e5 * p) <= 4 * std::sqrt(1e5 * p * (1 - p)));
  }
}

TEST_CASE("another key drops other elements") {
  const Tensor x(Shape{256}, 1.0F);
  CHECK_FALSE(same_bits(run_forward(dropout(x.clone(), 0.5F).key({1})).outputs[0],
                        run_forward(dropout(x.clone(), 0.5F).key({2})).outputs[0]));
}

TEST_CASE("gradients of Dropout agree with central differences, on any number of threads") {
  check_gradients(dropout(random_tensor({4, 7}, 1), 0.5F));
  check_gradients(dropout(random_tensor({4, 7}, 1), 0.0F));
  check_threads(dropout(random_tensor({100, 777}, 1), 0.3F));
}

TEST_CASE("the ratio is an input since opset 12") {
  const Constant ratio = std::make_shared<const Tensor>(Shape{}, 0.25F);
  const auto node = [&] { return OperatorCase("Dropout", 12).input(Tensor(Shape{64}, 3.0F)); };
  const auto kept_value = [](OperatorCase list) {
    const ForwardResult result = run_forward(list.mode(ExecutionMode::training));
    return *std::max_element(result.outputs[0].values().begin(), result.outputs[0].values().end());
  };
  CHECK(kept_value(node()) == 6);
  CHECK(kept_value(node().constant(ratio)) == 4);
  CHECK(kept_value(node().constant(ratio).constant(integer_constant({0}))) == 4);
}

TEST_CASE("a ratio of 1 and a third output are refused") {
  CHECK(refusal(dropout(Tensor(Shape{2}, 1.0F), 1.0F)) ==
        "node 'node' (Dropout, opset 11): ratio 1 is not in [0, 1)");
  CHECK(refusal(dropout(Tensor(Shape{2}, 1.0F), 0.5F).outputs(3)) ==
        "node 'node' (Dropout, opset 11): more than 2 outputs");
}

}  // namespace
}  // namespace mantissa
