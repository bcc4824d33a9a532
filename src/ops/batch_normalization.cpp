#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/normalization.h"
#include "kernels/reduction.h"
#include "ops/preparation.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

/// y = (x - mean) / sqrt(variance + epsilon) * scale + bias by channel, x [batch, channels, ...].
///
/// In training (or where the node's training_mode says so) mean and variance are the batch's, the
/// variance divided by the number of elements; otherwise they are the running ones, inputs 3 and 4.
/// Training moves those: running = running * momentum + batch * (1 - momentum), with the same
/// variance, as ONNX defines since opset 14. (PyTorch's running variance takes the batch's divided
/// by one element less.) Statistics are summed in binary64; elements are computed in binary32, a
/// rounding for each operation.
class BatchNormalization final : public Operator {
 public:
  struct Options {
    ChannelLayout layout;
    double epsilon = 1e-5;
    double momentum = 0.9;
    bool training_mode = false;
  };

  BatchNormalization(const Options& options, const Shape& x, std::size_t outputs) : o_(options) {
    output_shapes_.assign(outputs, Shape{o_.layout.channels});
    output_shapes_[0] = x;
  }

  void forward(const ForwardArguments& arguments) const override {
    const TensorRefs& inputs = arguments.inputs;
    arguments.saved.clear();
    if (arguments.mode == ExecutionMode::training || o_.training_mode) {
      const ChannelMoments moments = channel_moments(inputs[0]->data(), o_.layout);
      arguments.saved.push_back(to_tensor(moments.mean));
      arguments.saved.push_back(to_tensor(reciprocal_deviations(moments.variance)));
      arguments.saved.push_back(moved(*inputs[3], moments.mean));
      arguments.saved.push_back(moved(*inputs[4], moments.variance));
      normalize(arguments, arguments.saved[0].data(), arguments.saved[1].data());
      write_statistics(arguments.outputs, arguments.saved[2], arguments.saved[3], moments);
      return;
    }
    const Tensor deviations = to_tensor(reciprocal_deviations(variances(inputs)));
    normalize(arguments, inputs[3]->data(), deviations.data());
  }

  void backward(const BackwardArguments& arguments) const override {
    const TensorRefs& inputs = arguments.inputs;
    const MutableTensorRefs& grads = arguments.grad_inputs;
    const bool of_batch = !arguments.saved.empty();
    const Tensor running =
        of_batch ? Tensor() : to_tensor(reciprocal_deviations(variances(inputs)));
    const Tensor& mean = of_batch ? arguments.saved[0] : *inputs[3];
    const Tensor& deviations = of_batch ? arguments.saved[1] : running;

    ChannelGradientSums sums;
    if (of_batch || grads[1] != nullptr || grads[2] != nullptr) {
      sums = channel_gradient_sums(arguments.grad_outputs[0]->data(), inputs[0]->data(),
                                   std::vector<double>(mean.values().begin(), mean.values().end()),
                                   o_.layout);
    }
    for (std::size_t c = 0; c < channels(); ++c) {
      const auto deviation = static_cast<double>(deviations.data()[c]);
      if (grads[1] != nullptr)
        grads[1]->data()[c] = static_cast<float>(sums.product[c] * deviation);
      if (grads[2] != nullptr) grads[2]->data()[c] = static_cast<float>(sums.gradient[c]);
    }
    if (grads[0] == nullptr) return;
    if (of_batch) {
      batch_gradient(arguments, mean.data(), deviations.data(), sums);
    } else {
      fixed_gradient(arguments, deviations.data());
    }
  }

  /// Forward: mean 1, variance 3 (difference, square, add), normalisation 3. Backward: the two sums
  /// 4, the gradient 5. A root and a division for each channel.
  OperatorWork work() const override {
    OperatorWork work;
    const std::int64_t elements = o_.layout.elements();
    work.input_elements = elements;
    work.weight_elements = 4 * o_.layout.channels;
    work.output_elements = elements;
    work.elementwise_forward = 7 * elements;
    work.elementwise_backward = 9 * elements;
    work.special_forward = 2 * o_.layout.channels;
    return work;
  }

  bool differentiable(std::size_t index) const override { return index <= 2; }

  std::vector<StateUpdate> state_updates() const override { return {{2, 3}, {3, 4}}; }

 private:
  std::size_t channels() const { return static_cast<std::size_t>(o_.layout.channels); }

  static std::vector<double> variances(const TensorRefs& inputs) {
    return {inputs[4]->values().begin(), inputs[4]->values().end()};
  }

  std::vector<double> reciprocal_deviations(std::vector<double> variances) const {
    for (double& value : variances) value = 1.0 / std::sqrt(value + o_.epsilon);
    return variances;
  }

  static Tensor to_tensor(const std::vector<double>& values) {
    Tensor tensor(Shape{static_cast<std::int64_t>(values.size())});
    std::transform(values.begin(), values.end(), tensor.data(),
                   [](double value) { return static_cast<float>(value); });
    return tensor;
  }

  std::vector<float> factors(const float* deviations, const Tensor& scale) const {
    std::vector<float> factors(channels());
    for (std::size_t c = 0; c < channels(); ++c) factors[c] = deviations[c] * scale.data()[c];
    return factors;
  }

  /// The running statistics after this batch.
  Tensor moved(const Tensor& running, const std::vector<double>& batch) const {
    Tensor result(running.shape());
    for (std::size_t c = 0; c < batch.size(); ++c) {
      const auto before = static_cast<double>(running.data()[c]);
      result.data()[c] = static_cast<float>(before * o_.momentum + batch[c] * (1 - o_.momentum));
    }
    return result;
  }

  /// y = (x - mean) * (deviation * scale) + bias.
  void normalize(const ForwardArguments& arguments, const float* mean,
                 const float* deviations) const {
    normalize_channels(o_.layout, arguments.inputs[0]->data(), mean,
                       factors(deviations, *arguments.inputs[1]).data(),
                       arguments.inputs[2]->data(), arguments.outputs[0]->data());
  }

  /// Outputs 1 and 2 are the running statistics; 3 and 4, before opset 14, the batch's.
  static void write_statistics(const MutableTensorRefs& outputs, const Tensor& running_mean,
                               const Tensor& running_variance, const ChannelMoments& moments) {
    const auto write = [&](std::size_t output, const auto& values) {
      if (output >= outputs.size() || outputs[output] == nullptr) return;
      std::transform(values.begin(), values.end(), outputs[output]->data(),
                     [](auto value) { return static_cast<float>(value); });
    };
    write(1, running_mean.values());
    write(2, running_variance.values());
    write(3, moments.mean);
    write(4, moments.variance);
  }

  /// grad_x = factor * (grad_y - mean(grad_y) - (x - mean) * mean(grad_y * (x - mean)) / (variance
  /// + epsilon)), where the two means are over the channel.
  void batch_gradient(const BackwardArguments& arguments, const float* mean,
                      const float* deviations, const ChannelGradientSums& sums) const {
    const auto count = static_cast<double>(o_.layout.elements_per_channel());
    std::vector<float> mean_gradient(channels());
    std::vector<float> slope(channels());
    for (std::size_t c = 0; c < channels(); ++c) {
      const auto deviation = static_cast<double>(deviations[c]);
      mean_gradient[c] = static_cast<float>(sums.gradient[c] / count);
      slope[c] = static_cast<float>(sums.product[c] / count * deviation * deviation);
    }
    const std::vector<float> factor = factors(deviations, *arguments.inputs[1]);
    normalization_gradient(o_.layout, arguments.grad_outputs[0]->data(),
                           arguments.inputs[0]->data(),
                           {mean, factor.data(), mean_gradient.data(), slope.data()},
                           arguments.grad_inputs[0]->data());
  }

  /// grad_x = factor * grad_y: the statistics are constants.
  void fixed_gradient(const BackwardArguments& arguments, const float* deviations) const {
    scale_channels(o_.layout, arguments.grad_outputs[0]->data(),
                   factors(deviations, *arguments.inputs[1]).data(),
                   arguments.grad_inputs[0]->data());
  }

  Options o_;
};

void check_outputs(const NodeSpec& node, bool training_mode) {
  const std::size_t most = node.opset >= 14 ? 3 : 5;
  if (node.outputs.size() > most) {
    throw Error("", std::to_string(node.outputs.size()) + " outputs",
                "opset " + std::to_string(node.opset) + " has at most " + std::to_string(most));
  }
  if (node.opset >= 14 && node.outputs.size() > 1 && !training_mode) {
    throw Error("", std::to_string(node.outputs.size()) + " outputs without training_mode",
                "running statistics are outputs only where training_mode is 1");
  }
}

std::unique_ptr<Operator> make_batch_normalization(const NodeSpec& node,
                                                   std::span<const InputSpec> inputs) {
  require_inputs(inputs, 5, 5);
  const Shape& x = inputs[0].shape;
  if (x.rank() < 2 || x.elements() < 1) {
    throw Error("", "the input's shape is " + x.text(),
                "[batch, channels, ...] with elements is needed");
  }
  const std::array<std::string, 5> names = {"X", "scale", "B", "mean", "var"};
  for (std::size_t i = 1; i < 5; ++i) {
    if (inputs[i].shape == Shape{x[1]}) continue;
    throw Error("", "input " + names[i] + " has shape " + inputs[i].shape.text(),
                "input X " + x.text() + " needs " + Shape{x[1]}.text());
  }
  BatchNormalization::Options options;
  options.layout = {x[0], x[1], x.elements(2, x.rank())};
  options.epsilon = static_cast<double>(node.attributes.real("epsilon", 1e-5F));
  options.momentum = static_cast<double>(node.attributes.real("momentum", 0.9F));
  options.training_mode = node.attributes.integer("training_mode", 0) != 0;
  if (!(options.epsilon >= 0)) {
    throw Error("", "epsilon is " + shortest_decimal(options.epsilon), "it must not be negative");
  }
  if (!(options.momentum >= 0 && options.momentum <= 1)) {
    throw Error("", "momentum is " + shortest_decimal(options.momentum), "it must be in [0, 1]");
  }
  check_outputs(node, options.training_mode);
  return std::make_unique<BatchNormalization>(options, x, node.outputs.size());
}

const Registration<OperatorDefinition> kRegistration({"BatchNormalization", 9, 17,
                                                      make_batch_normalization});

}  // namespace
}  // namespace mantissa
