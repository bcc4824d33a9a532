#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

OperatorCase gemm(const Shape& a, const Shape& b) {
  return OperatorCase("Gemm").input(random_tensor(a, 1)).parameter(random_tensor(b, 2));
}

TEST_CASE("Gemm is alpha * A * B + beta * C, as one computes it by hand") {
  const std::vector<float> a = {1, 2, 3, 4};
  const std::vector<float> b = {5, 6, 7, 8};
  const std::vector<float> c = {10, 20};
  const auto node = OperatorCase("Gemm")
                        .attribute("alpha", 2.0F)
                        .attribute("beta", 0.5F)
                        .input(Tensor(Shape{2, 2}, a))
                        .parameter(Tensor(Shape{2, 2}, b))
                        .parameter(Tensor(Shape{2}, c));
  CHECK(elements(run_forward(node).outputs[0]) ==
        std::vector<float>{2 * 19 + 5, 2 * 22 + 10, 2 * 43 + 5, 2 * 50 + 10});
}

/// y [3, 4] = alpha * A' B' + beta * C with inner extent 5.
OperatorCase transposed_case(int trans_a, int trans_b, float alpha) {
  return gemm(trans_a != 0 ? Shape{5, 3} : Shape{3, 5}, trans_b != 0 ? Shape{4, 5} : Shape{5, 4})
      .attribute("transA", trans_a)
      .attribute("transB", trans_b)
      .attribute("alpha", alpha)
      .attribute("beta", alpha == 1.0F ? 1.0F : 3.0F);
}

TEST_CASE("Gemm has the right gradients for all transposes, scales and shapes of its bias") {
  const std::vector<Shape> biases = {{}, {1}, {4}, {1, 4}, {3, 1}, {3, 4}, {1, 1}};
  for (const int transposes : {0, 1, 2, 3}) {
    for (const float alpha : {1.0F, -0.5F}) {
      INFO("transA " << transposes % 2 << ", transB " << transposes / 2 << ", alpha " << alpha);
      const OperatorCase plain = transposed_case(transposes % 2, transposes / 2, alpha);
      CHECK(plain.prepare()->output_shapes()[0] == Shape{3, 4});
      check_gradients(plain);
      for (const Shape& bias : biases) {
        INFO("bias " << bias.text());
        OperatorCase node = plain;
        check_gradients(node.parameter(random_tensor(bias, 3)));
      }
    }
  }
}

TEST_CASE("transposed operands give the bits of operands transposed beforehand") {
  const Tensor a = random_tensor(Shape{7, 9}, 4);
  const Tensor b = random_tensor(Shape{9, 5}, 5);
  const auto transposed = [](const Tensor& t) {
    Tensor result(Shape{t.shape()[1], t.shape()[0]});
    for (std::int64_t i = 0; i < t.shape()[0]; ++i) {
      for (std::int64_t j = 0; j < t.shape()[1]; ++j) {
        result.data()[j * t.shape()[0] + i] = t.data()[i * t.shape()[1] + j];
      }
    }
    return result;
  };
  const ForwardResult plain =
      run_forward(OperatorCase("Gemm").input(a.clone()).parameter(b.clone()));
  const ForwardResult both = run_forward(OperatorCase("Gemm")
                                             .attribute("transA", 1)
                                             .attribute("transB", 1)
                                             .input(transposed(a))
                                             .parameter(transposed(b)));
  CHECK(same_bits(plain.outputs[0], both.outputs[0]));
}

TEST_CASE("Gemm gives the same bits on any number of threads") {
  check_threads(gemm({65, 40}, {40, 33}).parameter(random_tensor(Shape{33}, 3)));
  check_threads(
      gemm({65, 40}, {40, 33}).attribute("alpha", 0.3F).parameter(random_tensor(Shape{65, 33}, 3)));
}

NodeNumerics rounded_output() {
  NodeNumerics numerics;
  numerics.output.format = FloatFormat{.exponent_bits = 5, .fraction_bits = 2, .bias = 15};
  return numerics;
}

TEST_CASE("the output is rounded once, after alpha and bias, on both ways through the code") {
  // Neighbours in e5m2 are 2, 2.5 and 3. Once: 2.3 + 0.3 = 2.6 -> 2.5. Twice: 2.3 -> 2.5, 2.5 + 0.3
  // -> 3.
  for (const float alpha : {1.0F, 2.0F}) {
    const auto node = OperatorCase("Gemm")
                          .numerics(rounded_output())
                          .attribute("alpha", alpha)
                          .input(Tensor(Shape{1, 1}, 1.15F))
                          .parameter(Tensor(Shape{1, 1}, 2.0F / alpha))
                          .parameter(Tensor(Shape{1}, 0.3F));
    CHECK(elements(run_forward(node).outputs[0]) == std::vector<float>{2.5F});
  }
}

TEST_CASE("alpha = 1 and a separate scale of 1 round alike where rounding is stochastic") {
  NodeNumerics numerics = rounded_output();
  numerics.output.rounding.rounding = Rounding::stochastic;
  const Tensor a = random_tensor(Shape{37, 21}, 6);
  const Tensor b = random_tensor(Shape{21, 19}, 7);
  const Tensor row = random_tensor(Shape{19}, 8);
  Tensor matrix(Shape{37, 19});
  for (std::int64_t i = 0; i < 37; ++i) {
    for (std::int64_t j = 0; j < 19; ++j) matrix.data()[i * 19 + j] = row.data()[j];
  }
  const auto with_bias = [&](const Tensor& bias) {
    return run_forward(
        OperatorCase("Gemm").numerics(numerics).input(a.clone()).parameter(b.clone()).parameter(
            bias.clone()));
  };
  CHECK(same_bits(with_bias(row).outputs[0], with_bias(matrix).outputs[0]));
}

TEST_CASE("the work of Gemm is that of its three products") {
  const OperatorWork work =
      gemm({64, 400}, {400, 120}).parameter(Tensor(Shape{120}, 0.0F)).prepare()->work();
  CHECK(work.forward->m == 64);
  CHECK(work.forward->n == 120);
  CHECK(work.forward->k == 400);
  CHECK(work.backward_data->n == 400);
  CHECK(work.backward_data->k == 120);
  CHECK(work.backward_weight->k == 64);
  CHECK(work.backward_weight->macs() == work.forward->macs());
  CHECK(work.weight_elements == 400 * 120 + 120);
  CHECK(work.elementwise_forward == 64 * 120);
}

TEST_CASE("Gemm refuses operands that do not fit, and says what would") {
  const std::string node = "node 'node' (Gemm, opset 13): ";
  CHECK(refusal(gemm({2, 3}, {4, 5})) ==
        node +
            "inputs A [2, 3] and B [4, 5] do not multiply: rows of 3 elements meet columns of 4");
  CHECK(refusal(gemm({2, 3}, {3, 5}).attribute("transB", 1)) ==
        node +
            "inputs A [2, 3] and B [3, 5], B transposed do not multiply: rows of 3 elements meet "
            "columns of 5");
  CHECK(refusal(gemm({2, 3, 1}, {3, 5})) ==
        node + "inputs A and B have shapes [2, 3, 1] and [3, 5]; both must be matrices");
  CHECK(refusal(gemm({2, 3}, {3, 5}).parameter(Tensor(Shape{4}, 0.0F))) ==
        node + "input C has shape [4]; it must broadcast to the product's [2, 5]");
  CHECK(refusal(gemm({2, 3}, {3, 5}).parameter(Tensor(Shape{1, 2, 5}, 0.0F))) ==
        node + "input C has shape [1, 2, 5]; it must broadcast to the product's [2, 5]");
  CHECK(refusal(OperatorCase("Gemm").input(Tensor(Shape{1, 1}, 0.0F))) ==
        node + "input 1 is missing");
}

}  // namespace
}  // namespace mantissa
