#include <algorithm>
#include <string>

#include "kernels/convolution.h"
#include "kernels/reduction.h"
#include "ops/preparation.h"
#include "ops/window_geometry.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// y = x (*) weight + bias, x [batch, in_channels, height, width], weight [out_channels,
/// in_channels / group, kernel height, kernel width], bias [out_channels]; or all of them without
/// height.
class Conv final : public Operator {
 public:
  Conv(const ConvolutionShape& shape, const WindowGeometry& geometry, bool has_bias)
      : shape_(shape), has_bias_(has_bias) {
    output_shapes_ = {geometry.output_shape(shape.batch, shape.out_channels)};
  }

  void forward(const ForwardArguments& arguments) const override {
    Epilogue epilogue;
    if (has_bias_) epilogue.row_bias = arguments.inputs[2]->data();
    epilogue.output = arguments.numerics.output;
    epilogue.output_key = arguments.key.child("output");
    epilogue.events = arguments.numerics.output_events();
    const float* x = arguments.inputs[0]->data();
    const float* weight = arguments.inputs[1]->data();
    const Mac& mac = arguments.numerics.forward;
    const RandomKey key = arguments.key.child("forward");
    convolution_forward(shape_, x, weight, arguments.outputs[0]->data(), mac, key, epilogue);
    follow_convolution_forward(shape_, x, weight, mac, key,
                               arguments.numerics.sampler(&NodeEvents::forward));
  }

  void backward(const BackwardArguments& arguments) const override {
    const float* grad_y = arguments.grad_outputs[0]->data();
    const MutableTensorRefs& grads = arguments.grad_inputs;
    if (grads[0] != nullptr) {
      const float* weight = arguments.inputs[1]->data();
      const Mac& mac = arguments.numerics.backward_data;
      const RandomKey key = arguments.key.child("backward_data");
      convolution_backward_data(shape_, grad_y, weight, grads[0]->data(), mac, key);
      follow_convolution_backward_data(shape_, grad_y, weight, mac, key,
                                       arguments.numerics.sampler(&NodeEvents::backward_data));
    }
    if (grads[1] != nullptr) {
      const float* x = arguments.inputs[0]->data();
      const Mac& mac = arguments.numerics.backward_weight;
      const RandomKey key = arguments.key.child("backward_weight");
      convolution_backward_weight(shape_, x, grad_y, grads[1]->data(), mac, key);
      follow_convolution_backward_weight(shape_, x, grad_y, mac, key,
                                         arguments.numerics.sampler(&NodeEvents::backward_weight));
    }
    if (has_bias_ && grads[2] != nullptr) {
      const std::int64_t pixels = shape_.vertical.out * shape_.horizontal.out;
      const auto sums = channel_sums(grad_y, {shape_.batch, shape_.out_channels, pixels});
      std::transform(sums.begin(), sums.end(), grads[2]->data(),
                     [](double sum) { return static_cast<float>(sum); });
    }
  }

  OperatorWork work() const override {
    const std::int64_t taps = shape_.vertical.kernel * shape_.horizontal.kernel;
    const std::int64_t pixels = shape_.batch * shape_.vertical.out * shape_.horizontal.out;
    const std::int64_t in = shape_.in_channels / shape_.groups;
    const std::int64_t out = shape_.out_channels / shape_.groups;
    OperatorWork work;
    work.forward = {pixels, out, in * taps, shape_.groups};
    // Every multiplication of the forward product has one counterpart here. With a stride, an input
    // pixel is reached by taps / stride^2 taps on average, so M counts the output's pixels and K
    // all taps.
    work.backward_data = {pixels, in, out * taps, shape_.groups};
    work.backward_weight = {out, in * taps, pixels, shape_.groups};
    work.input_elements = shape_.in_elements();
    work.weight_elements = shape_.weight_elements() + (has_bias_ ? shape_.out_channels : 0);
    work.output_elements = shape_.out_elements();
    work.elementwise_forward = has_bias_ ? shape_.out_elements() : 0;
    work.elementwise_backward = has_bias_ ? shape_.out_elements() : 0;
    return work;
  }

  bool multiplies_matrices() const override { return true; }
  bool differentiable(std::size_t index) const override { return index <= 2; }

 private:
  ConvolutionShape shape_;
  bool has_bias_;
};

void check_weight(const Shape& x, const Shape& weight, std::int64_t groups) {
  if (weight.rank() != x.rank()) {
    throw Error("", "the weight " + weight.text() + " does not fit the input " + x.text(),
                "both must have as many axes");
  }
  if (weight.elements() < 1) throw Error("", "the weight " + weight.text() + " holds no elements");
  if (groups < 1 || x[1] % groups != 0 || weight[0] % groups != 0) {
    throw Error("", "group " + std::to_string(groups) + " does not divide the channels of input " +
                        x.text() + " and weight " + weight.text());
  }
  if (weight[1] * groups != x[1]) {
    throw Error(
        "", "the weight " + weight.text() + " has " + std::to_string(weight[1]) + " input channels",
        "input " + x.text() + " with group " + std::to_string(groups) + " needs " +
            std::to_string(x[1] / groups));
  }
}

std::unique_ptr<Operator> make_conv(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 2, 3);
  const Shape& x = inputs[0].shape;
  const Shape& weight = inputs[1].shape;
  require_image(x);
  const std::int64_t groups = node.attributes.integer("group", 1);
  check_weight(x, weight, groups);
  const std::vector<std::int64_t> kernel(weight.extents().begin() + 2, weight.extents().end());
  const auto stated = node.attributes.integers("kernel_shape", kernel);
  if (stated != kernel) {
    throw Error("", "kernel_shape is " + Shape(stated).text(),
                "the weight " + weight.text() + " needs " + Shape(kernel).text());
  }
  const bool has_bias = inputs.size() > 2 && inputs[2].present;
  if (has_bias && inputs[2].shape != Shape{weight[0]}) {
    throw Error("", "the bias has shape " + inputs[2].shape.text(),
                "the weight " + weight.text() + " needs " + Shape{weight[0]}.text());
  }
  const WindowGeometry geometry = window_geometry(node.attributes, x, kernel);
  ConvolutionShape shape;
  shape.batch = x[0];
  shape.in_channels = x[1];
  shape.out_channels = weight[0];
  shape.groups = groups;
  shape.vertical = geometry.vertical;
  shape.horizontal = geometry.horizontal;
  return std::make_unique<Conv>(shape, geometry, has_bias);
}

const Registration<OperatorDefinition> kRegistration({"Conv", 1, 17, make_conv});

}  // namespace
}  // namespace mantissa
