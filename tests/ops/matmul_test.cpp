#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

OperatorCase matmul_case(const Shape& a, const Shape& b) {
  return OperatorCase("MatMul").input(random_tensor(a, 1)).input(random_tensor(b, 2));
}

struct Variant {
  Shape a;
  Shape b;
  Shape y;
};

const std::vector<Variant>& variants() {
  static const std::vector<Variant> all = {
      {{3, 4}, {4, 2}, {3, 2}},
      {{2, 3, 4}, {4, 5}, {2, 3, 5}},              // a weight
      {{2, 3, 4}, {2, 4, 5}, {2, 3, 5}},           // attention
      {{2, 3, 4, 2}, {1, 3, 2, 5}, {2, 3, 4, 5}},  // b shared by the images
      {{2, 1, 4, 2}, {1, 3, 2, 5}, {2, 3, 4, 5}},  // both shared
      {{4, 2}, {3, 2, 5}, {3, 4, 5}},              // a shared by all
      {{3, 4, 2}, {1, 1, 2, 5}, {1, 3, 4, 5}},
      {{4}, {4}, {}},
      {{4}, {4, 3}, {3}},
      {{2, 3, 4}, {4}, {2, 3}},
      {{4}, {2, 4, 3}, {2, 3}},
  };
  return all;
}

/// The definition, one element at a time in double.
double element_of_product(const Variant& v, const Tensor& a, const Tensor& b, std::int64_t at) {
  const std::int64_t m = v.a.rank() > 1 ? v.a[v.a.rank() - 2] : 1;
  const std::int64_t k = v.a[v.a.rank() - 1];
  const std::int64_t n = v.b.rank() > 1 ? v.b[v.b.rank() - 1] : 1;
  const std::int64_t column = at % n;
  const std::int64_t row = at / n % m;
  std::int64_t rest = at / (n * m);
  std::int64_t item_a = 0;
  std::int64_t item_b = 0;
  std::int64_t stride_a = 1;
  std::int64_t stride_b = 1;
  for (std::size_t from_end = 3; from_end <= std::max(v.a.rank(), v.b.rank()); ++from_end) {
    const std::int64_t in_a = from_end <= v.a.rank() ? v.a[v.a.rank() - from_end] : 1;
    const std::int64_t in_b = from_end <= v.b.rank() ? v.b[v.b.rank() - from_end] : 1;
    const std::int64_t extent = std::max(in_a, in_b);
    item_a += (in_a == 1 ? 0 : rest % extent) * stride_a;
    item_b += (in_b == 1 ? 0 : rest % extent) * stride_b;
    stride_a *= in_a;
    stride_b *= in_b;
    rest /= extent;
  }
  double sum = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    sum += static_cast<double>(a.data()[(item_a * m + row) * k + i]) *
           static_cast<double>(b.data()[(item_b * k + i) * n + column]);
  }
  return sum;
}

TEST_CASE("MatMul multiplies as NumPy's matmul does, with broadcasting and vectors") {
  for (const Variant& variant : variants()) {
    INFO(variant.a.text() << " x " << variant.b.text());
    const OperatorCase node = matmul_case(variant.a, variant.b);
    const TensorRefs inputs = node.input_values();
    const ForwardResult result = run_forward(node);
    REQUIRE(result.outputs[0].shape() == variant.y);
    for (std::size_t i = 0; i < result.outputs[0].size(); ++i) {
      const double expected =
          element_of_product(variant, *inputs[0], *inputs[1], static_cast<std::int64_t>(i));
      CHECK(static_cast<double>(result.outputs[0].data()[i]) ==
            doctest::Approx(expected).epsilon(1e-5));
    }
  }
}

TEST_CASE("MatMul has the right gradients and the same bits on any threads, in every variant") {
  for (const Variant& variant : variants()) {
    INFO(variant.a.text() << " x " << variant.b.text());
    check_gradients(matmul_case(variant.a, variant.b));
    check_threads(matmul_case(variant.a, variant.b));
  }
}

TEST_CASE("the gradient of a shared operand is one chain over the products that share it") {
  // a [1, 2] is shared by three products; a weight b [2, 2] that sees a as rows must have the same
  // bits.
  const Tensor rows = random_tensor(Shape{3, 4, 2}, 3);
  const Tensor weight = random_tensor(Shape{2, 5}, 4);
  Tensor stacked(Shape{3, 2, 5});
  for (int i = 0; i < 3; ++i) std::copy_n(weight.data(), 10, stacked.data() + i * 10);
  const Tensor grad_y = random_tensor(Shape{3, 4, 5}, 5);
  const auto gradient = [&](Tensor b) {
    const OperatorCase node = OperatorCase("MatMul").input(rows.clone()).input(std::move(b));
    const auto op = node.prepare();
    const TensorRefs inputs = node.input_values();
    return run_backward(node, *op, inputs, run_forward(node, *op, inputs), {&grad_y}, {true, true});
  };
  const auto shared = gradient(weight.clone());
  const auto separate = gradient(stacked.clone());
  CHECK(same_bits(shared[0], separate[0]));  // the chain of grad_a does not cross products

  // [2, 2] leading axes against [1, 2]: each b is shared by two products, whose rows follow each
  // other.
  const Tensor a = random_tensor(Shape{2, 2, 3, 2}, 6);
  const Tensor b = random_tensor(Shape{1, 2, 2, 5}, 7);
  const Tensor grad = random_tensor(Shape{2, 2, 3, 5}, 8);
  const OperatorCase node = OperatorCase("MatMul").input(a.clone()).input(b.clone());
  const auto op = node.prepare();
  const TensorRefs inputs = node.input_values();
  const auto grads =
      run_backward(node, *op, inputs, run_forward(node, *op, inputs), {&grad}, {false, true});
  for (std::int64_t item = 0; item < 2; ++item) {
    for (std::int64_t i = 0; i < 2; ++i) {
      for (std::int64_t j = 0; j < 5; ++j) {
        float chain = 0;
        for (std::int64_t image = 0; image < 2; ++image) {
          for (std::int64_t row = 0; row < 3; ++row) {
            const std::int64_t line = (image * 2 + item) * 3 + row;
            chain = std::fma(a.data()[line * 2 + i], grad.data()[line * 5 + j], chain);
          }
        }
        CHECK(grads[1].data()[(item * 2 + i) * 5 + j] == chain);
      }
    }
  }
}

TEST_CASE("leading axes before a weight are rows of one product") {
  const OperatorWork weight = matmul_case({8, 10, 16}, {16, 32}).prepare()->work();
  CHECK(weight.forward->m == 80);
  CHECK(weight.forward->count == 1);
  const OperatorWork attention = matmul_case({8, 10, 16}, {8, 16, 10}).prepare()->work();
  CHECK(attention.forward->m == 10);
  CHECK(attention.forward->count == 8);
  CHECK(attention.forward->macs() == 8 * 10 * 16 * 10);
  CHECK(attention.backward_data->macs() == attention.forward->macs());
  CHECK(attention.input_elements == 8 * 10 * 16);
  CHECK(attention.weight_elements == 8 * 16 * 10);
}

TEST_CASE("MatMul refuses what does not multiply") {
  const std::string node = "node 'node' (MatMul, opset 13): ";
  CHECK(refusal(matmul_case({2, 3}, {4, 5})) ==
        node +
            "inputs A [2, 3] and B [4, 5] do not multiply: rows of 3 elements meet columns of 4");
  CHECK(refusal(matmul_case({2, 2, 3}, {3, 3, 5})) == node + "shapes [2] and [3] do not broadcast");
  CHECK(refusal(matmul_case({}, {3, 5})) ==
        node + "inputs A [] and B [3, 5] do not multiply: a scalar is no matrix");
}

}  // namespace
}  // namespace mantissa
