#include "shipped_models.h"

#include <cmath>

#include "graph/graph.h"
#include "support/random.h"

namespace mantissa {
namespace {

constexpr int kOpset = 15;

/// Builds a chain of nodes on images of 1 x 28 x 28.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(std::string name) : seed_(RandomKey{}.child(name)) {
    graph_.name = std::move(name);
    graph_.opset = kOpset;
    graph_.input_name = value_ = "input";
    graph_.input_shape = {0, 1, 28, 28};
  }

  struct Convolution {
    std::int64_t in = 1;
    std::int64_t out = 1;
    std::int64_t kernel = 3;
    std::int64_t stride = 1;
    std::int64_t pad = 0;
    bool bias = true;
  };

  NetworkBuilder& convolution(const std::string& name, const Convolution& convolution) {
    NodeSpec node = begin(name, "Conv");
    const std::int64_t kernel = convolution.kernel;
    node.attributes.set("kernel_shape", std::vector<std::int64_t>(2, kernel));
    node.attributes.set("strides", std::vector<std::int64_t>(2, convolution.stride));
    node.attributes.set("pads", std::vector<std::int64_t>(4, convolution.pad));
    node.inputs.push_back(weights(name + ".weight",
                                  {convolution.out, convolution.in, kernel, kernel},
                                  convolution.in * kernel * kernel));
    if (convolution.bias) node.inputs.push_back(filled(name + ".bias", convolution.out, 0));
    return add(std::move(node));
  }

  NetworkBuilder& fully_connected(const std::string& name, std::int64_t in, std::int64_t out) {
    NodeSpec node = begin(name, "Gemm");
    node.attributes.set("transB", std::int64_t{1});
    node.inputs.push_back(weights(name + ".weight", {out, in}, in));
    node.inputs.push_back(filled(name + ".bias", out, 0));
    return add(std::move(node));
  }

  /// As a training export has it: the running statistics are outputs 1 and 2.
  NetworkBuilder& batch_normalization(const std::string& name, std::int64_t channels) {
    NodeSpec node = begin(name, "BatchNormalization");
    node.attributes.set("epsilon", 1e-5F);
    node.attributes.set("momentum", 0.9F);
    node.attributes.set("training_mode", std::int64_t{1});
    node.inputs.push_back(filled(name + ".weight", channels, 1));
    node.inputs.push_back(filled(name + ".bias", channels, 0));
    node.inputs.push_back(filled(name + ".running_mean", channels, 0));
    node.inputs.push_back(filled(name + ".running_var", channels, 1));
    node.outputs = {name + "_out", name + "_running_mean", name + "_running_var"};
    return add(std::move(node));
  }

  NetworkBuilder& relu(const std::string& name) { return add(begin(name, "Relu")); }

  NetworkBuilder& max_pool(const std::string& name) {
    NodeSpec node = begin(name, "MaxPool");
    node.attributes.set("kernel_shape", std::vector<std::int64_t>{2, 2});
    node.attributes.set("strides", std::vector<std::int64_t>{2, 2});
    return add(std::move(node));
  }

  NetworkBuilder& flatten() { return add(begin("flatten", "Flatten")); }

  /// The last value becomes the output `logits`.
  std::string finish() {
    graph_.nodes.back().outputs[0] = graph_.output_name = "logits";
    std::vector<const Tensor*> values;
    for (const Parameter& parameter : graph_.parameters) values.push_back(parameter.value.get());
    return to_onnx(graph_, values);
  }

 private:
  NodeSpec begin(const std::string& name, const std::string& op_type) {
    NodeSpec node;
    node.name = name;
    node.op_type = op_type;
    node.opset = kOpset;
    node.inputs = {value_};
    return node;
  }

  NetworkBuilder& add(NodeSpec node) {
    if (node.outputs.empty()) node.outputs = {node.name + "_out"};
    value_ = node.outputs[0];
    graph_.nodes.push_back(std::move(node));
    return *this;
  }

  std::string parameter(std::string name, Tensor value) {
    graph_.parameters.push_back({name, std::make_shared<const Tensor>(std::move(value)), true});
    return name;
  }

  std::string filled(const std::string& name, std::int64_t count, float value) {
    return parameter(name, Tensor(Shape{count}, value));
  }

  std::string weights(const std::string& name, const Shape& shape, std::int64_t fan_in) {
    Tensor tensor(shape);
    const double bound = std::sqrt(6.0 / static_cast<double>(fan_in));
    RandomSequence random(seed_.child(name));
    for (float& value : tensor.values()) {
      value = static_cast<float>(bound * (2 * random.uniform() - 1));
    }
    return parameter(name, std::move(tensor));
  }

  RandomKey seed_;
  Graph graph_;
  std::string value_;  ///< what the next node reads
};

/// LeNet-5 (LeCun et al., Proc. IEEE 1998) as it is built today: ReLU, max pooling, every map of
/// conv1 feeds conv2.
std::string lenet5() {
  return NetworkBuilder("lenet5")
      .convolution("conv1", {.in = 1, .out = 6, .kernel = 5, .pad = 2})
      .relu("relu1")
      .max_pool("pool1")
      .convolution("conv2", {.in = 6, .out = 16, .kernel = 5})
      .relu("relu2")
      .max_pool("pool2")
      .flatten()
      .fully_connected("fc1", 400, 120)
      .relu("relu3")
      .fully_connected("fc2", 120, 84)
      .relu("relu4")
      .fully_connected("fc3", 84, 10)
      .finish();
}

std::string smallcnn_bn() {
  return NetworkBuilder("smallcnn-bn")
      .convolution("conv1", {.in = 1, .out = 16, .pad = 1, .bias = false})
      .batch_normalization("bn1", 16)
      .relu("relu1")
      .max_pool("pool1")
      .convolution("conv2", {.in = 16, .out = 32, .pad = 1, .bias = false})
      .batch_normalization("bn2", 32)
      .relu("relu2")
      .max_pool("pool2")
      .flatten()
      .fully_connected("fc", 1568, 10)
      .finish();
}

std::string tiny_cnn() {
  return NetworkBuilder("tiny-cnn")
      .convolution("conv1", {.in = 1, .out = 8, .stride = 2, .pad = 1})
      .relu("relu1")
      .convolution("conv2", {.in = 8, .out = 16, .stride = 2})
      .relu("relu2")
      .flatten()
      .fully_connected("fc", 576, 10)
      .finish();
}

std::string mlp() {
  return NetworkBuilder("mlp")
      .flatten()
      .fully_connected("fc1", 784, 64)
      .relu("relu1")
      .fully_connected("fc2", 64, 32)
      .relu("relu2")
      .fully_connected("fc3", 32, 10)
      .finish();
}

}  // namespace

std::map<std::string, std::string> shipped_models() {
  return {{"lenet5.onnx", lenet5()},
          {"mlp.onnx", mlp()},
          {"smallcnn-bn.onnx", smallcnn_bn()},
          {"tiny-cnn.onnx", tiny_cnn()}};
}

}  // namespace mantissa
