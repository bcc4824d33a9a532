#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/assignment.h"
#include "graph/graph.h"
#include "hardware/accelerator.h"
#include "hardware/cost.h"

namespace mantissa::fake {

/// An operator that does nothing but state its work.
class FakeOperator : public Operator {
 public:
  FakeOperator(Shape output, OperatorWork work, bool multiplies)
      : work_(work), multiplies_(multiplies) {
    output_shapes_.push_back(std::move(output));
  }
  void forward(const ForwardArguments& /*arguments*/) const override {}
  OperatorWork work() const override { return work_; }
  bool multiplies_matrices() const override { return multiplies_; }
  bool differentiable(std::size_t /*index*/) const override { return true; }

 private:
  OperatorWork work_;
  bool multiplies_;
};

struct ConvolutionSizes {
  std::int64_t out_channels = 1;
  std::int64_t kernel = 1;
  std::int64_t padding = 0;
  std::int64_t groups = 1;
};

/// Builds a chain of nodes without any kernel behind it. Parameters must all be added before the
/// first node.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(Shape input) {
    network_.batch = input[0];
    value(std::move(input), "x");
  }

  ValueId parameter(Shape shape, bool trainable = true) {
    ++network_.parameter_count;
    network_.trainable.push_back(trainable);
    return value(std::move(shape), "p" + std::to_string(network_.parameter_count));
  }

  /// x [batch, channels, height, width], stride 1. Returns the output's value.
  ValueId convolution(const std::string& name, ValueId x, ValueId weight,
                      const ConvolutionSizes& sizes, ValueId bias = kNoValue) {
    const Shape in = shape(x);
    const std::int64_t height = in[2] + 2 * sizes.padding - sizes.kernel + 1;
    const std::int64_t width = in[3] + 2 * sizes.padding - sizes.kernel + 1;
    const std::int64_t taps = sizes.kernel * sizes.kernel;
    const std::int64_t in_channels = in[1] / sizes.groups;
    const std::int64_t out_channels = sizes.out_channels / sizes.groups;
    const Shape out{in[0], sizes.out_channels, height, width};
    OperatorWork work;
    work.forward =
        ProductShape{in[0] * height * width, out_channels, in_channels * taps, sizes.groups};
    work.backward_data =
        ProductShape{in[0] * in[2] * in[3], in_channels, out_channels * taps, sizes.groups};
    work.backward_weight =
        ProductShape{in_channels * taps, out_channels, in[0] * height * width, sizes.groups};
    return layer(name, "Conv", x, weight, bias, out, work);
  }

  /// x [batch, features], weight [features, outputs].
  ValueId gemm(const std::string& name, ValueId x, ValueId weight, ValueId bias = kNoValue) {
    const std::int64_t batch = shape(x)[0];
    const std::int64_t features = shape(x)[1];
    const std::int64_t outputs = shape(weight)[1];
    OperatorWork work;
    work.forward = ProductShape{batch, outputs, features};
    work.backward_data = ProductShape{batch, features, outputs};
    work.backward_weight = ProductShape{features, outputs, batch};
    return layer(name, "Gemm", x, weight, bias, Shape{batch, outputs}, work);
  }

  ValueId elementwise(const std::string& name, const std::string& op_type,
                      std::vector<ValueId> inputs, std::int64_t operations = 1,
                      std::int64_t specials = 0) {
    const Shape out = shape(inputs.front());
    const std::int64_t count = out.elements();
    OperatorWork work;
    work.input_elements = count;
    work.output_elements = count;
    work.elementwise_forward = work.elementwise_backward = operations * count;
    work.special_forward = work.special_backward = specials * count;
    return node(name, op_type, std::move(inputs), out, work, false);
  }

  /// A node that changes the shape: a view ("Flatten") or a pooling that keeps every `factor`-th
  /// element.
  ValueId reshape(const std::string& name, const std::string& op_type, ValueId x, Shape out,
                  std::int64_t operations = 0) {
    OperatorWork work;
    work.input_elements = shape(x).elements();
    work.output_elements = out.elements();
    work.elementwise_forward = operations * out.elements();
    work.elementwise_backward = out.elements();
    return node(name, op_type, {x}, std::move(out), work, false);
  }

  Network finish(ValueId output) {
    network_.output = output;
    return network_;
  }

  Shape shape(ValueId id) const { return network_.value_shapes[static_cast<std::size_t>(id)]; }

 private:
  ValueId value(Shape shape, std::string name) {
    network_.value_shapes.push_back(std::move(shape));
    network_.value_names.push_back(std::move(name));
    return static_cast<ValueId>(network_.value_shapes.size() - 1);
  }

  ValueId layer(const std::string& name, const std::string& op_type, ValueId x, ValueId weight,
                ValueId bias, const Shape& out, OperatorWork work) {
    work.input_elements = shape(x).elements();
    work.weight_elements =
        shape(weight).elements() + (bias == kNoValue ? 0 : shape(bias).elements());
    work.output_elements = out.elements();
    std::vector<ValueId> inputs = {x, weight};
    if (bias != kNoValue) {
      inputs.push_back(bias);
      work.elementwise_forward = work.elementwise_backward = out.elements();
    }
    return node(name, op_type, inputs, out, work, true);
  }

  ValueId node(const std::string& name, const std::string& op_type, std::vector<ValueId> inputs,
               Shape out, const OperatorWork& work, bool multiplies) {
    const ValueId output = value(out, name + ":0");
    network_.nodes.push_back({name,
                              op_type,
                              std::make_shared<FakeOperator>(std::move(out), work, multiplies),
                              std::move(inputs),
                              {output}});
    return output;
  }

  Network network_;
};

/// LeNet-5 for 28 x 28 images: two convolutions, two poolings, three dense layers.
inline Network lenet(std::int64_t batch) {
  NetworkBuilder build(Shape{batch, 1, 28, 28});
  const ValueId w1 = build.parameter({6, 1, 5, 5});
  const ValueId b1 = build.parameter({6});
  const ValueId w2 = build.parameter({16, 6, 5, 5});
  const ValueId b2 = build.parameter({16});
  const ValueId w3 = build.parameter({400, 120});
  const ValueId b3 = build.parameter({120});
  const ValueId w4 = build.parameter({120, 84});
  const ValueId b4 = build.parameter({84});
  const ValueId w5 = build.parameter({84, 10});
  const ValueId b5 = build.parameter({10});
  ValueId v = build.convolution("conv1", 0, w1, {.out_channels = 6, .kernel = 5, .padding = 2}, b1);
  v = build.elementwise("relu1", "Relu", {v});
  v = build.reshape("pool1", "MaxPool", v, Shape{batch, 6, 14, 14}, 3);
  v = build.convolution("conv2", v, w2, {.out_channels = 16, .kernel = 5}, b2);
  v = build.elementwise("relu2", "Relu", {v});
  v = build.reshape("pool2", "MaxPool", v, Shape{batch, 16, 5, 5}, 3);
  v = build.reshape("flatten", "Flatten", v, Shape{batch, 400});
  v = build.gemm("fc1", v, w3, b3);
  v = build.elementwise("relu3", "Relu", {v});
  v = build.gemm("fc2", v, w4, b4);
  v = build.elementwise("relu4", "Relu", {v});
  v = build.gemm("fc3", v, w5, b5);
  return build.finish(v);
}

inline std::vector<std::string> layer_names(const Network& network) {
  std::vector<std::string> names;
  for (const NetworkNode& node : network.nodes) {
    if (node.op->multiplies_matrices()) names.push_back(node.name);
  }
  return names;
}

/// Every layer alike.
inline Assignment uniform(const Network& network, const LayerNumerics& numerics) {
  Assignment assignment;
  assignment.layer_names = layer_names(network);
  assignment.layers.assign(assignment.layer_names.size(), numerics);
  return assignment;
}

/// `format` in all tensor roles but the optimiser's two, `mac` in all products.
inline LayerNumerics numerics(const std::string& format, const std::string& mac,
                              const std::string& master = "fp32") {
  LayerNumerics layer;
  for (const Role role :
       {Role::weight, Role::activation, Role::error, Role::output, Role::weight_gradient}) {
    layer.tensor(role) = parse_quantization(format);
  }
  for (const Role role : {Role::master_weight, Role::optimizer_state})
    layer.tensor(role) = parse_quantization(master);
  layer.macs.fill(parse_mac(mac));
  return layer;
}

inline std::string accelerator_path(const std::string& name) {
  return std::string(MANTISSA_SOURCE_DIR) + "/scenarios/accelerators/" + name + ".json";
}

inline Accelerator gemmini() {
  return load_accelerator(accelerator_path("gemmini-16x16-45nm"));
}

}  // namespace mantissa::fake
