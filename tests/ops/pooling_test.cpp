#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

Tensor counted(const Shape& shape) {
  Tensor tensor(shape);
  float next = 1;
  for (float& value : tensor.values()) value = next++;
  return tensor;
}

OperatorCase pool(const char* op_type, std::vector<std::int64_t> kernel, Tensor x) {
  return OperatorCase(op_type).integers("kernel_shape", std::move(kernel)).input(std::move(x));
}

TEST_CASE("2 x 2 pooling of a 4 x 4 image is what one computes by hand") {
  // 1 2 | 3 4
  // 5 6 | 7 8     maxima 6 8 14 16, means 3.5 5.5 11.5 13.5
  const auto pooled = [](const char* op_type) {
    return elements(
        run_forward(pool(op_type, {2, 2}, counted(Shape{1, 1, 4, 4})).integers("strides", {2, 2}))
            .outputs[0]);
  };
  CHECK(pooled("MaxPool") == std::vector<float>{6, 8, 14, 16});
  CHECK(pooled("AveragePool") == std::vector<float>{3.5F, 5.5F, 11.5F, 13.5F});
}

TEST_CASE("of equal elements the first in the window gets the gradient") {
  for (const ExecutionMode mode : {ExecutionMode::inference, ExecutionMode::training}) {
    const OperatorCase node = pool("MaxPool", {2, 2}, Tensor(Shape{1, 1, 2, 4}, 3.0F))
                                  .integers("strides", {2, 2})
                                  .mode(mode);
    const auto op = node.prepare();
    const TensorRefs inputs = node.input_values();
    const Tensor grad_y(Shape{1, 1, 1, 2}, std::vector<float>{5, 7});
    const auto grads =
        run_backward(node, *op, inputs, run_forward(node, *op, inputs), {&grad_y}, {true});
    CHECK(elements(grads[0]) == std::vector<float>{5, 0, 7, 0, 0, 0, 0, 0});
  }
}

struct Variant {
  const char* what;
  Shape x;
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> pads;
  const char* auto_pad = "NOTSET";
  int ceil_mode = 0;
  Shape y;
};

std::vector<Variant> variants() {
  return {
      {"LeNet", {2, 3, 6, 8}, {2, 2}, {2, 2}, {0, 0, 0, 0}, "NOTSET", 0, {2, 3, 3, 4}},
      {"overlapping", {2, 2, 7, 9}, {3, 3}, {2, 2}, {1, 1, 1, 1}, "NOTSET", 0, {2, 2, 4, 5}},
      {"stride 1", {1, 2, 5, 6}, {2, 3}, {1, 1}, {0, 0, 0, 0}, "NOTSET", 0, {1, 2, 4, 4}},
      {"asymmetric padding", {1, 2, 5, 6}, {3, 2}, {3, 1}, {1, 0, 2, 1}, "NOTSET", 0, {1, 2, 2, 6}},
      {"ceil", {1, 2, 4, 6}, {3, 3}, {2, 2}, {0, 0, 0, 0}, "NOTSET", 1, {1, 2, 2, 3}},
      {"ceil with a window left out",
       {1, 1, 4, 4},
       {1, 1},
       {2, 2},
       {0, 0, 0, 0},
       "NOTSET",
       1,
       {1, 1, 2, 2}},
      {"ceil with padding", {1, 2, 5, 6}, {3, 3}, {2, 2}, {1, 1, 1, 1}, "NOTSET", 1, {1, 2, 3, 4}},
      {"same upper", {1, 2, 5, 6}, {3, 2}, {2, 2}, {0, 0, 0, 0}, "SAME_UPPER", 0, {1, 2, 3, 3}},
      {"same lower", {1, 2, 6, 5}, {3, 2}, {2, 1}, {0, 0, 0, 0}, "SAME_LOWER", 0, {1, 2, 3, 5}},
      {"valid", {1, 2, 5, 6}, {3, 2}, {2, 2}, {0, 0, 0, 0}, "VALID", 0, {1, 2, 2, 3}},
      {"one-dimensional", {2, 3, 9}, {3}, {2}, {1, 1}, "NOTSET", 0, {2, 3, 5}},
      {"whole image", {2, 3, 4, 5}, {4, 5}, {1, 1}, {0, 0, 0, 0}, "NOTSET", 0, {2, 3, 1, 1}},
  };
}

OperatorCase case_of(const char* op_type, const Variant& variant) {
  return pool(op_type, variant.kernel, spaced_tensor(variant.x, 5))
      .integers("strides", variant.strides)
      .integers("pads", variant.pads)
      .attribute("auto_pad", variant.auto_pad)
      .attribute("ceil_mode", variant.ceil_mode);
}

TEST_CASE("every variant of pooling has its shape, gradients and the same bits on any threads") {
  for (const Variant& variant : variants()) {
    for (const char* op_type : {"MaxPool", "AveragePool"}) {
      INFO(op_type << ", " << variant.what);
      OperatorCase node = case_of(op_type, variant);
      CHECK(node.prepare()->output_shapes()[0] == variant.y);
      check_gradients(node);
      node.mode(ExecutionMode::training);
      check_gradients(node);
      check_threads(node);
      node.attribute("count_include_pad", 1);
      if (std::string(op_type) == "AveragePool") check_gradients(node);
    }
  }
}

/// The first element of window `o` along spatial axis `axis`, by ONNX's rules.
std::int64_t window_begin(const Variant& v, std::size_t axis, std::int64_t o) {
  const std::int64_t extent = v.x[2 + axis];
  std::int64_t pad = v.pads[axis];
  if (std::string(v.auto_pad).starts_with("SAME")) {
    const std::int64_t windows = (extent + v.strides[axis] - 1) / v.strides[axis];
    const std::int64_t total =
        std::max<std::int64_t>(0, (windows - 1) * v.strides[axis] + v.kernel[axis] - extent);
    pad = std::string(v.auto_pad) == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
  }
  return o * v.strides[axis] - pad;
}

TEST_CASE("every variant of pooling is ONNX's definition of it") {
  for (const Variant& v : variants()) {
    INFO(v.what);
    const OperatorCase max_node = case_of("MaxPool", v);
    const Tensor max = std::move(run_forward(max_node).outputs[0]);
    const Tensor mean = std::move(run_forward(case_of("AveragePool", v)).outputs[0]);
    const float* x = max_node.input_values()[0]->data();
    const bool flat = v.x.rank() == 3;
    const std::size_t last = flat ? 0 : 1;
    const std::int64_t width = v.x[2 + last];
    const std::int64_t height = flat ? 1 : v.x[2];
    for (std::int64_t i = 0; i < v.y.elements(); ++i) {
      const std::int64_t plane = i / v.y.elements(2, v.y.rank());
      const std::int64_t row = flat ? 0 : window_begin(v, 0, i / v.y[3] % v.y[2]);
      const std::int64_t column = window_begin(v, last, i % v.y[2 + last]);
      double largest = -1e30;
      double sum = 0;
      double count = 0;
      for (std::int64_t r = std::max<std::int64_t>(0, row);
           r < std::min(height, row + (flat ? 1 : v.kernel[0])); ++r) {
        for (std::int64_t c = std::max<std::int64_t>(0, column);
             c < std::min(width, column + v.kernel[last]); ++c) {
          const auto value = static_cast<double>(x[(plane * height + r) * width + c]);
          largest = std::max(largest, value);
          sum += value;
          count += 1;
        }
      }
      REQUIRE(static_cast<double>(max.data()[i]) == largest);
      REQUIRE(mean.data()[i] == static_cast<float>(sum / count));
    }
  }
}

TEST_CASE("a dilated maximum skips elements") {
  const OperatorCase node =
      pool("MaxPool", {2}, counted(Shape{1, 1, 6})).integers("dilations", {3});
  CHECK(elements(run_forward(node).outputs[0]) == std::vector<float>{4, 5, 6});
  check_gradients(
      pool("MaxPool", {2, 2}, spaced_tensor(Shape{2, 2, 6, 5}, 6)).integers("dilations", {2, 3}));
}

TEST_CASE("padding counts in a mean only with count_include_pad") {
  const auto mean = [](int count_include_pad) {
    return elements(run_forward(pool("AveragePool", {3}, counted(Shape{1, 1, 3}))
                                    .integers("pads", {1, 1})
                                    .attribute("count_include_pad", count_include_pad))
                        .outputs[0]);
  };
  CHECK(mean(0) == std::vector<float>{1.5F, 2, 2.5F});
  CHECK(mean(1) == std::vector<float>{1, 2, 5.0F / 3});
}

TEST_CASE("padding never wins a maximum, also among negative elements") {
  const OperatorCase node =
      pool("MaxPool", {3}, Tensor(Shape{1, 1, 3}, -2.0F)).integers("pads", {1, 1});
  CHECK(elements(run_forward(node).outputs[0]) == std::vector<float>{-2, -2, -2});
}

TEST_CASE("GlobalAveragePool is the mean of each plane, for any number of spatial axes") {
  const ForwardResult result =
      run_forward(OperatorCase("GlobalAveragePool").input(counted(Shape{1, 2, 2, 3})));
  CHECK(result.outputs[0].shape() == Shape{1, 2, 1, 1});
  CHECK(elements(result.outputs[0]) == std::vector<float>{3.5F, 9.5F});
  for (const Shape& shape :
       {Shape{2, 3, 5}, Shape{2, 3, 4, 5}, Shape{2, 2, 2, 3, 4}, Shape{1, 1, 1, 1}}) {
    const OperatorCase node = OperatorCase("GlobalAveragePool").input(random_tensor(shape, 3));
    check_gradients(node);
    check_threads(node);
  }
}

TEST_CASE("pooling counts its compares and adds") {
  const OperatorWork max = case_of("MaxPool", variants()[0]).prepare()->work();
  CHECK(max.output_elements == 2 * 3 * 3 * 4);
  CHECK(max.elementwise_forward == 3 * 72);
  CHECK(max.elementwise_backward == 72);
  CHECK_FALSE(max.forward.has_value());
  const OperatorWork mean = case_of("AveragePool", variants()[0]).prepare()->work();
  CHECK(mean.elementwise_forward == 4 * 72);
}

TEST_CASE("pooling refuses windows and outputs that it cannot serve") {
  const std::string node = "node 'node' (MaxPool, opset 13): ";
  const auto max = [](std::vector<std::int64_t> kernel) {
    return pool("MaxPool", std::move(kernel), Tensor(Shape{1, 1, 4, 4}, 0.0F));
  };
  CHECK(refusal(max({2})) ==
        node + "the kernel [2] has 1 extents; the input [1, 1, 4, 4] has 2 spatial axes");
  CHECK(refusal(max({2, 0})) ==
        node + "the kernel [2, 0] holds 0; each extent must be at least 1 and at most 2^24");
  CHECK(refusal(max({5, 5})) ==
        node +
            "a window of 5 (kernel 5, dilation 1) does not fit into 4 elements with padding 0 + 0");
  CHECK(refusal(max({2, 2}).integers("pads", {2, 0, 0, 0})) ==
        node +
            "window 0 lies in the padding alone (kernel 2, padding 2 + 0); padding must be smaller "
            "than the window");
  CHECK(refusal(max({1, 2}).integers("pads", {0, 1, 0, 3}).integers("dilations", {1, 6})) ==
        node +
            "window 0 lies in the padding alone (kernel 2, padding 1 + 3); padding must be smaller "
            "than the window");
  const std::int64_t huge = std::int64_t{1}
                            << 24;  // refused at once, without a walk over windows and taps
  CHECK(refusal(max({huge, huge}).integers("pads", {huge, huge, huge, huge})) ==
        node + "the kernel [16777216, 16777216] has more than 2^24 elements");
  CHECK(refusal(max({2, 2}).outputs(2)) == node + "the output Indices ('y1') is not supported");
  CHECK(refusal(OperatorCase("MaxPool").input(Tensor(Shape{1, 1, 4, 4}, 0.0F))) ==
        node + "attribute kernel_shape is missing");
  CHECK(refusal(OperatorCase("GlobalAveragePool").input(Tensor(Shape{1, 4}, 0.0F))) ==
        "node 'node' (GlobalAveragePool, opset 13): the input's shape is [1, 4]; [batch, channels, "
        "spatial axes ...] with elements is needed");
}

}  // namespace
}  // namespace mantissa
