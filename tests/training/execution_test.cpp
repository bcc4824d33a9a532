#include "training/execution.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "support/small_networks.h"
#include "training/recipes.h"

namespace mantissa {
namespace {

constexpr std::int64_t kBatch = 40;
constexpr std::int64_t kIn = 70;
constexpr std::int64_t kHidden = 50;
constexpr std::int64_t kOut = 36;

/// Two matrix products in a row, y = (x a) b.
Graph two_products() {
  Graph graph;
  graph.name = "two-products";
  graph.opset = 13;
  graph.input_name = "x";
  graph.input_shape = {0, kIn};
  graph.output_name = "y";
  graph.parameters.push_back(test::random_parameter("a", {kIn, kHidden}, kIn, {1}));
  graph.parameters.push_back(test::random_parameter("b", {kHidden, kOut}, kHidden, {2}));
  graph.nodes = {test::node("first", "MatMul", {"x", "a"}, "h"),
                 test::node("second", "MatMul", {"h", "b"}, "y")};
  return graph;
}

Tensor random_tensor(const Shape& shape, RandomKey key) {
  Tensor tensor(shape);
  std::uint64_t i = 0;
  for (float& element : tensor.values()) {
    element = static_cast<float>(random_normal(key, i++));
  }
  return tensor;
}

Tensor rounded(const Tensor& tensor, const Quantization& format, OperandAxes axes) {
  Tensor result;
  quantize_scaled(tensor, result, format, axes, {}, max_magnitude(tensor));
  return result;
}

/// a [m, k] b [k, n], each as it is or transposed, in the binary32 fused chain.
std::vector<float> product(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b) {
  const auto at = [](const Tensor& t, bool transposed, std::int64_t i, std::int64_t j) {
    return t.data()[transposed ? j * t.shape()[1] + i : i * t.shape()[1] + j];
  };
  const std::int64_t m = a.shape()[transpose_a ? 1 : 0];
  const std::int64_t k = a.shape()[transpose_a ? 0 : 1];
  const std::int64_t n = b.shape()[transpose_b ? 0 : 1];
  std::vector<float> c;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (std::int64_t l = 0; l < k; ++l) {
        sum = std::fma(at(a, transpose_a, i, l), at(b, transpose_b, l, j), sum);
      }
      c.push_back(sum);
    }
  }
  return c;
}

bool equal(const Tensor& tensor, const std::vector<float>& expected) {
  return std::equal(expected.begin(), expected.end(), tensor.values().begin(),
                    tensor.values().end());
}

TEST_CASE("each product of training reads operands whose blocks run along the axis it sums over") {
  const Graph graph = two_products();
  const Network network = prepare(graph, kBatch);
  const Tensor x = random_tensor({kBatch, kIn}, {3});
  const Tensor grad_y = random_tensor({kBatch, kOut}, {4});
  std::vector<Tensor> parameters;
  for (const Parameter& parameter : graph.parameters)
    parameters.push_back(parameter.value->clone());
  for (const char* text : {"mxfp4", "int8c", "nvfp4", "e4m3fn scale=tensor", "bfp4b16"}) {
    CAPTURE(text);
    const Quantization format = parse_quantization(text);
    const Assignment assignment = uniform_assignment({"first", "second"}, format);
    Execution execution(network, assignment);
    const Tensor& y = execution.forward(x, parameters, ExecutionMode::training, {9});
    constexpr OperandAxes kRows = {1, 0};  // sums over columns
    constexpr OperandAxes kColumns = {0, 1};
    const Tensor& a = parameters[0];
    const Tensor& b = parameters[1];
    const Tensor h(Shape{kBatch, kHidden},
                   product(rounded(x, format, kRows), false, rounded(a, format, kColumns), false));
    CHECK(equal(y, product(rounded(h, format, kRows), false, rounded(b, format, kColumns), false)));

    execution.backward(grad_y, {9});
    CHECK(equal(*execution.gradient(1), product(rounded(h, format, kColumns), true,
                                                rounded(grad_y, format, kColumns), false)));
    const Tensor grad_h(Shape{kBatch, kHidden}, product(rounded(grad_y, format, kRows), false,
                                                        rounded(b, format, kRows), true));
    CHECK(equal(*execution.gradient(0), product(rounded(x, format, kColumns), true,
                                                rounded(grad_h, format, kColumns), false)));
  }
}

TEST_CASE("delayed scaling takes the largest magnitude of the steps before") {
  ScaleHistory history;
  CHECK(history.delayed(5, 2) == 5);
  history.add(5, 2);
  CHECK(history.delayed(100, 2) == 5);
  history.add(100, 2);
  CHECK(history.delayed(1, 2) == 100);
  history.add(1, 2);
  history.add(2, 2);
  CHECK(history.delayed(50, 2) == 2);
  ScaleHistory zeros;
  zeros.add(0, 4);
  CHECK(zeros.delayed(3, 4) == 3);
}

TEST_CASE("a delayed scale is that of the step before, and evaluation leaves no trace in it") {
  const Graph graph = two_products();
  const Network network = prepare(graph, kBatch);
  std::vector<Tensor> parameters;
  for (const Parameter& parameter : graph.parameters)
    parameters.push_back(parameter.value->clone());
  Tensor small = random_tensor({kBatch, kIn}, {3});
  Tensor large = small.clone();
  for (float& value : large.values()) value *= 64;
  Assignment delayed = uniform_assignment({"first", "second"}, {});
  delayed.layers[0].tensor(Role::activation) = parse_quantization("q8.0 scale=tensor:delayed1");
  const auto output = [&](Execution& execution, const Tensor& x, ExecutionMode mode) {
    return execution.forward(x, parameters, mode, {9}).clone();
  };
  Execution execution(network, delayed);
  const Tensor first = output(execution, small, ExecutionMode::training);
  output(execution, large, ExecutionMode::inference);
  const Tensor second = output(execution, small, ExecutionMode::training);
  CHECK(equal(second, {first.values().begin(), first.values().end()}));
  // All but the smallest elements of the large batch saturate at the scale of the small one.
  const Tensor clipped = output(execution, large, ExecutionMode::training);
  const Tensor adapted = output(execution, large, ExecutionMode::training);
  CHECK_FALSE(equal(clipped, {adapted.values().begin(), adapted.values().end()}));
}

}  // namespace
}  // namespace mantissa
