#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

using Integers = std::vector<std::int64_t>;

Tensor counted(const Shape& shape, float first = 1) {
  Tensor tensor(shape);
  for (float& value : tensor.values()) value = first++;
  return tensor;
}

TEST_CASE("a 2 x 2 convolution of a 3 x 3 image is what one computes by hand") {
  // 1 2 3     1 2     1+4+12+20 = 37   2+6+15+24 = 47
  // 4 5 6  *  3 4  =  4+10+21+32 = 67  5+12+24+36 = 77   and 0.5 of bias
  // 7 8 9
  const ForwardResult result = run_forward(OperatorCase("Conv")
                                               .input(counted(Shape{1, 1, 3, 3}))
                                               .parameter(counted(Shape{1, 1, 2, 2}))
                                               .parameter(Tensor(Shape{1}, 0.5F)));
  CHECK(result.outputs[0].shape() == Shape{1, 1, 2, 2});
  CHECK(elements(result.outputs[0]) == std::vector<float>{37.5F, 47.5F, 67.5F, 77.5F});
}

TEST_CASE("gradients of that convolution are what one computes by hand") {
  const OperatorCase node = OperatorCase("Conv")
                                .input(counted(Shape{1, 1, 3, 3}))
                                .parameter(counted(Shape{1, 1, 2, 2}))
                                .parameter(Tensor(Shape{1}, 0.5F));
  const auto op = node.prepare();
  const TensorRefs inputs = node.input_values();
  const ForwardResult forward = run_forward(node, *op, inputs);
  const std::vector<float> g = {1, 0, 0, 2};
  const Tensor grad_y(Shape{1, 1, 2, 2}, g);
  const auto grads = run_backward(node, *op, inputs, forward, {&grad_y}, {true, true, true});
  CHECK(elements(grads[0]) == std::vector<float>{1, 2, 0, 3, 4 + 2, 4, 0, 6, 8});
  CHECK(elements(grads[1]) == std::vector<float>{1 + 10, 2 + 12, 4 + 16, 5 + 18});
  CHECK(elements(grads[2]) == std::vector<float>{3});
}

struct Variant {
  const char* what;
  Shape x;
  Shape weight;
  Integers strides;
  Integers pads;
  Integers dilations;
  const char* auto_pad = "NOTSET";
  int group = 1;
  bool bias = true;
  Shape y;
};

OperatorCase case_of(const Variant& variant) {
  OperatorCase node("Conv");
  node.attribute("auto_pad", variant.auto_pad).attribute("group", variant.group);
  if (!variant.strides.empty()) node.integers("strides", variant.strides);
  if (!variant.pads.empty()) node.integers("pads", variant.pads);
  if (!variant.dilations.empty()) node.integers("dilations", variant.dilations);
  node.input(random_tensor(variant.x, 1)).parameter(random_tensor(variant.weight, 2));
  if (variant.bias) node.parameter(random_tensor(Shape{variant.weight[0]}, 3));
  return node;
}

std::vector<Variant> variants() {
  return {
      {"plain", {2, 3, 5, 4}, {4, 3, 3, 3}, {}, {}, {}, "NOTSET", 1, true, {2, 4, 3, 2}},
      {"no bias", {2, 3, 5, 4}, {4, 3, 1, 1}, {}, {}, {}, "NOTSET", 1, false, {2, 4, 5, 4}},
      {"stride",
       {2, 2, 7, 6},
       {3, 2, 3, 3},
       {2, 2},
       {1, 1, 1, 1},
       {},
       "NOTSET",
       1,
       true,
       {2, 3, 4, 3}},
      {"asymmetric",
       {1, 2, 6, 5},
       {2, 2, 3, 2},
       {2, 1},
       {0, 1, 2, 0},
       {},
       "NOTSET",
       1,
       true,
       {1, 2, 3, 5}},
      {"dilated",
       {1, 2, 7, 7},
       {2, 2, 3, 3},
       {},
       {2, 2, 2, 2},
       {2, 2},
       "NOTSET",
       1,
       true,
       {1, 2, 7, 7}},
      {"groups", {2, 4, 5, 5}, {6, 2, 3, 3}, {}, {1, 1, 1, 1}, {}, "NOTSET", 2, true, {2, 6, 5, 5}},
      {"depthwise",
       {2, 5, 6, 6},
       {5, 1, 3, 3},
       {2, 2},
       {1, 1, 1, 1},
       {},
       "NOTSET",
       5,
       true,
       {2, 5, 3, 3}},
      {"multiplied depthwise",
       {1, 3, 5, 5},
       {6, 1, 3, 3},
       {},
       {},
       {},
       "NOTSET",
       3,
       false,
       {1, 6, 3, 3}},
      {"same upper",
       {1, 2, 5, 6},
       {3, 2, 2, 3},
       {2, 2},
       {},
       {},
       "SAME_UPPER",
       1,
       true,
       {1, 3, 3, 3}},
      {"same lower",
       {1, 2, 5, 6},
       {3, 2, 2, 4},
       {2, 2},
       {},
       {},
       "SAME_LOWER",
       1,
       true,
       {1, 3, 3, 3}},
      {"valid", {1, 2, 5, 6}, {3, 2, 2, 3}, {2, 2}, {}, {}, "VALID", 1, true, {1, 3, 2, 2}},
      {"one-dimensional", {2, 3, 9}, {4, 3, 3}, {2}, {1, 1}, {}, "NOTSET", 1, true, {2, 4, 5}},
      {"kernel wider than image",
       {1, 1, 2, 2},
       {1, 1, 3, 3},
       {},
       {1, 1, 1, 1},
       {},
       "NOTSET",
       1,
       true,
       {1, 1, 2, 2}},
      {"windows in the padding",
       {1, 1, 1, 2},
       {1, 1, 1, 1},
       {1, 2},
       {0, 2, 0, 2},
       {},
       "NOTSET",
       1,
       true,
       {1, 1, 1, 3}},
  };
}

TEST_CASE(
    "every variant of a convolution has its shape, gradients and the same bits on any threads") {
  for (const Variant& variant : variants()) {
    INFO(variant.what);
    const OperatorCase node = case_of(variant);
    CHECK(node.prepare()->output_shapes()[0] == variant.y);
    check_gradients(node);
    check_threads(node);
  }
}

/// ONNX's definition of one output element, in double, straight from the attributes.
double element_by_definition(const Variant& v, const TensorRefs& inputs, std::int64_t n,
                             std::int64_t m, const Integers& at) {
  const std::size_t axes = v.x.rank() - 2;
  const std::int64_t in = v.weight[1];
  const std::int64_t group = m / (v.weight[0] / v.group);
  double sum = v.bias ? static_cast<double>(inputs[2]->data()[m]) : 0;
  for (std::int64_t i = 0; i < v.weight.elements() / v.weight[0];
       ++i) {  // channel and tap of the kernel
    std::int64_t rest = i;
    std::int64_t element = 0;
    std::int64_t stride = 1;
    bool inside = true;
    for (std::size_t axis = axes; axis-- > 0;) {
      const std::int64_t extent = v.x[2 + axis];
      const std::int64_t kernel = v.weight[2 + axis];
      const std::int64_t step = v.strides.empty() ? 1 : v.strides[axis];
      const std::int64_t spread = v.dilations.empty() ? 1 : v.dilations[axis];
      std::int64_t pad = v.pads.empty() ? 0 : v.pads[axis];
      if (std::string(v.auto_pad).starts_with("SAME")) {
        const std::int64_t windows = (extent + step - 1) / step;
        const std::int64_t total =
            std::max<std::int64_t>(0, (windows - 1) * step + (kernel - 1) * spread + 1 - extent);
        pad = std::string(v.auto_pad) == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
      }
      const std::int64_t position = at[axis] * step - pad + rest % kernel * spread;
      inside = inside && position >= 0 && position < extent;
      element += position * stride;
      stride *= extent;
      rest /= kernel;
    }
    if (!inside) continue;
    const std::int64_t channel = group * in + rest;
    sum += static_cast<double>(inputs[0]->data()[(n * v.x[1] + channel) * stride + element]) *
           static_cast<double>(inputs[1]->data()[m * (v.weight.elements() / v.weight[0]) + i]);
  }
  return sum;
}

TEST_CASE("every variant of a convolution is ONNX's definition of it") {
  for (const Variant& variant : variants()) {
    INFO(variant.what);
    const OperatorCase node = case_of(variant);
    const Tensor y = std::move(run_forward(node).outputs[0]);
    const std::int64_t pixels = variant.y.elements(2, variant.y.rank());
    for (std::int64_t i = 0; i < variant.y.elements(); ++i) {
      Integers at;
      if (variant.y.rank() == 4) at.push_back(i % pixels / variant.y[3]);
      at.push_back(i % variant.y[variant.y.rank() - 1]);
      const double expected = element_by_definition(
          variant, node.input_values(), i / pixels / variant.y[1], i / pixels % variant.y[1], at);
      REQUIRE(static_cast<double>(y.data()[i]) == doctest::Approx(expected).epsilon(1e-5));
    }
  }
}

TEST_CASE("SAME_UPPER puts the odd padding behind, SAME_LOWER before") {
  const auto convolved = [](const char* auto_pad) {
    return elements(run_forward(OperatorCase("Conv")
                                    .attribute("auto_pad", auto_pad)
                                    .input(counted(Shape{1, 1, 4}))
                                    .parameter(counted(Shape{1, 1, 2})))
                        .outputs[0]);
  };
  CHECK(convolved("SAME_UPPER") == std::vector<float>{1 + 4, 2 + 6, 3 + 8, 4 + 0});
  CHECK(convolved("SAME_LOWER") == std::vector<float>{0 + 2, 1 + 4, 2 + 6, 3 + 8});
}

TEST_CASE("a one-dimensional convolution equals a two-dimensional one of height 1") {
  const Tensor x = random_tensor(Shape{2, 3, 11}, 4);
  const Tensor weight = random_tensor(Shape{5, 3, 4}, 5);
  Tensor flat_x = x.clone();
  flat_x.reshape(Shape{2, 3, 1, 11});
  Tensor flat_weight = weight.clone();
  flat_weight.reshape(Shape{5, 3, 1, 4});
  const ForwardResult one = run_forward(OperatorCase("Conv")
                                            .integers("strides", {2})
                                            .integers("pads", {1, 2})
                                            .input(x.clone())
                                            .parameter(weight.clone()));
  const ForwardResult two = run_forward(OperatorCase("Conv")
                                            .integers("strides", {1, 2})
                                            .integers("pads", {0, 1, 0, 2})
                                            .input(std::move(flat_x))
                                            .parameter(std::move(flat_weight)));
  CHECK(elements(one.outputs[0]) == elements(two.outputs[0]));
}

TEST_CASE("the three products of a convolution count the same multiplications") {
  const OperatorWork work = case_of(variants()[2]).prepare()->work();  // 2 images, 3x3, stride 2
  CHECK(work.forward->m == 2 * 4 * 3);
  CHECK(work.forward->n == 3);
  CHECK(work.forward->k == 2 * 9);
  CHECK(work.forward->macs() == 2 * 4 * 3 * 3 * 2 * 9);
  CHECK(work.backward_data->macs() == work.forward->macs());
  CHECK(work.backward_weight->macs() == work.forward->macs());
  CHECK(work.backward_weight->k == 2 * 4 * 3);
  CHECK(work.input_elements == 2 * 2 * 7 * 6);
  CHECK(work.weight_elements == 3 * 2 * 9 + 3);
  CHECK(work.output_elements == 2 * 3 * 4 * 3);
  const OperatorWork depthwise = case_of(variants()[6]).prepare()->work();
  CHECK(depthwise.forward->count == 5);
  CHECK(depthwise.forward->n == 1);
  CHECK(depthwise.forward->k == 9);
  CHECK(depthwise.backward_data->k == 9);
}

TEST_CASE("the bias is added in binary32 and the output rounded once") {
  NodeNumerics numerics;
  numerics.output.format = FloatFormat{.exponent_bits = 5, .fraction_bits = 2, .bias = 15};
  const auto node = OperatorCase("Conv")
                        .numerics(numerics)
                        .input(Tensor(Shape{1, 1, 1, 2}, std::vector<float>{1.0F, 1.15F}))
                        .parameter(Tensor(Shape{1, 1, 1, 1}, 1.0F))
                        .parameter(Tensor(Shape{1}, 0.2F));
  // Neighbours in e5m2 are 1, 1.25 and 1.5. Once: 1.15 + 0.2 = 1.35 -> 1.25. Twice: 1.15
  // -> 1.25, 1.45 -> 1.5.
  CHECK(elements(run_forward(node).outputs[0]) == std::vector<float>{1.25F, 1.25F});
}

OperatorCase conv(const Shape& x, const Shape& weight) {
  return OperatorCase("Conv").input(Tensor(x, 0.0F)).parameter(Tensor(weight, 0.0F));
}

TEST_CASE("a convolution that does not fit is refused with what was received and what is right") {
  const std::string node = "node 'node' (Conv, opset 13): ";
  CHECK(
      refusal(conv({1, 2, 5}, {3, 2, 3, 3})) ==
      node +
          "the weight [3, 2, 3, 3] does not fit the input [1, 2, 5]; both must have as many axes");
  CHECK(
      refusal(conv({1, 2, 5, 5}, {3, 4, 3, 3})) ==
      node +
          "the weight [3, 4, 3, 3] has 4 input channels; input [1, 2, 5, 5] with group 1 needs 2");
  CHECK(refusal(conv({1, 4, 5, 5}, {3, 2, 3, 3}).attribute("group", 2)) ==
        node +
            "group 2 does not divide the channels of input [1, 4, 5, 5] and weight [3, 2, 3, 3]");
  CHECK(refusal(conv({1, 4, 5, 5}, {4, 2, 3, 3}).attribute("group", 0)) ==
        node +
            "group 0 does not divide the channels of input [1, 4, 5, 5] and weight [4, 2, 3, 3]");
  CHECK(refusal(conv({1, 2, 5, 5}, {3, 2, 3, 3}).integers("kernel_shape", {5, 5})) ==
        node + "kernel_shape is [5, 5]; the weight [3, 2, 3, 3] needs [3, 3]");
  CHECK(refusal(conv({1, 2, 5, 5}, {3, 2, 3, 3}).parameter(Tensor(Shape{4}, 0.0F))) ==
        node + "the bias has shape [4]; the weight [3, 2, 3, 3] needs [3]");
  CHECK(refusal(conv({1, 2, 5, 2}, {3, 2, 3, 3})) ==
        node +
            "a window of 3 (kernel 3, dilation 1) does not fit into 2 elements with padding 0 + 0");
  CHECK(refusal(conv({1, 2, 5, 5}, {3, 2, 3, 3}).integers("strides", {2})) ==
        node + "strides [2] has 1 values; 2 are needed");
  CHECK(refusal(conv({1, 2, 5, 5}, {3, 2, 3, 3}).integers("strides", {2, 0})) ==
        node + "strides [2, 0] holds 0; each must be at least 1 and at most 2^24");
  CHECK(refusal(conv({1, 2, 5, 5}, {3, 2, 3, 3}).integers("pads", {1, 1, -1, 1})) ==
        node + "pads [1, 1, -1, 1] holds -1; each must be at least 0 and at most 2^24");
  CHECK(refusal(conv({1, 2, 5, 5}, {3, 2, 3, 3})
                    .integers("pads", {1, 1, 1, 1})
                    .attribute("auto_pad", "SAME_UPPER")) ==
        node + "pads [1, 1, 1, 1] beside auto_pad SAME_UPPER; only one of the two can be given");
  CHECK(refusal(conv({1, 2, 5, 5}, {3, 2, 3, 3}).attribute("auto_pad", "SAME")) ==
        node + "auto_pad is 'SAME'; it must be NOTSET, SAME_UPPER, SAME_LOWER or VALID");
  CHECK(refusal(conv({1, 2, 3, 5, 5}, {3, 2, 3, 3, 3})) ==
        node +
            "the input's shape is [1, 2, 3, 5, 5]; [batch, channels, width] or [batch, channels, "
            "height, width] is supported");
  CHECK(refusal(conv({1, 2, 0, 5}, {3, 2, 3, 3})) ==
        node + "the input's shape [1, 2, 0, 5] holds no elements");
  CHECK(refusal(conv({1, 2, 5, 5}, {0, 2, 3, 3})) ==
        node + "the weight [0, 2, 3, 3] holds no elements");
}

}  // namespace
}  // namespace mantissa
