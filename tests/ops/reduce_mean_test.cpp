#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

TEST_CASE("means over some axes are what one computes by hand") {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  const auto mean = [&](std::vector<std::int64_t> axes, int keepdims) {
    return run_forward(OperatorCase("ReduceMean")
                           .integers("axes", std::move(axes))
                           .attribute("keepdims", keepdims)
                           .input(Tensor(Shape{2, 3}, x)));
  };
  CHECK(elements(mean({0}, 1).outputs[0]) == std::vector<float>{2.5F, 3.5F, 4.5F});
  CHECK(mean({0}, 1).outputs[0].shape() == Shape{1, 3});
  CHECK(elements(mean({-1}, 0).outputs[0]) == std::vector<float>{2, 5});
  CHECK(mean({-1}, 0).outputs[0].shape() == Shape{2});
  CHECK(elements(mean({0, 1}, 0).outputs[0]) == std::vector<float>{3.5F});
  CHECK(mean({0, 1}, 0).outputs[0].shape() == Shape{});
  CHECK(mean({}, 1).outputs[0].shape() == Shape{1, 1});
}

TEST_CASE("without axes all are reduced") {
  const ForwardResult result =
      run_forward(OperatorCase("ReduceMean").input(Tensor(Shape{2, 3, 4}, 1.5F)));
  CHECK(result.outputs[0].shape() == Shape{1, 1, 1});
  CHECK(elements(result.outputs[0]) == std::vector<float>{1.5F});
}

TEST_CASE(
    "for every set of axes the mean is the definition's, with right gradients and the same bits on "
    "any threads") {
  const Shape shape{3, 4, 2, 5};
  const Tensor x = random_tensor(shape, 1);
  for (int mask = 1; mask < 16; ++mask) {
    std::vector<std::int64_t> axes;
    for (int axis = 0; axis < 4; ++axis) {
      if ((mask >> axis & 1) != 0) axes.push_back(axis);
    }
    INFO("axes " << Shape(axes).text());
    const OperatorCase node = OperatorCase("ReduceMean").integers("axes", axes).input(x.clone());
    const ForwardResult result = run_forward(node);
    std::vector<double> sums(result.outputs[0].size(), 0);
    for (std::int64_t i = 0; i < shape.elements(); ++i) {
      const std::int64_t index[4] = {i / 40, i / 10 % 4, i / 5 % 2, i % 5};
      std::int64_t at = 0;
      for (int axis = 0; axis < 4; ++axis) {
        if ((mask >> axis & 1) != 0) continue;
        at = at * shape[static_cast<std::size_t>(axis)] + index[axis];
      }
      sums[static_cast<std::size_t>(at)] += static_cast<double>(x.data()[i]);
    }
    const double count = 120.0 / static_cast<double>(sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
      CHECK(static_cast<double>(result.outputs[0].data()[i]) ==
            doctest::Approx(sums[i] / count).epsilon(1e-6));
    }
    check_gradients(node);
    check_threads(node);
  }
}

TEST_CASE("the mean of a scalar is the scalar") {
  const OperatorCase node = OperatorCase("ReduceMean").input(Tensor(Shape{}, 3.0F));
  CHECK(elements(run_forward(node).outputs[0]) == std::vector<float>{3});
  check_gradients(node);
}

TEST_CASE("ReduceMean refuses axes that do not exist or come twice") {
  const auto mean = [](std::vector<std::int64_t> axes) {
    return OperatorCase("ReduceMean")
        .integers("axes", std::move(axes))
        .input(Tensor(Shape{2, 3}, 0.0F));
  };
  const std::string node = "node 'node' (ReduceMean, opset 13): ";
  CHECK(refusal(mean({2})) == node + "axis 2 does not exist in an array of rank 2");
  CHECK(refusal(mean({0, -2})) == node + "axis 0 is named twice");
}

}  // namespace
}  // namespace mantissa
