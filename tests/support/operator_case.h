#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ops/operator.h"
#include "support/error.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {

/// Uniform values in [low, high), from `seed` alone.
inline Tensor random_tensor(const Shape& shape, std::uint64_t seed, double low = -1,
                            double high = 1) {
  Tensor tensor(shape);
  const RandomKey key = RandomKey{seed}.child("random_tensor");
  std::uint64_t index = 0;
  for (float& value : tensor.values()) {
    value = static_cast<float>(low + (high - low) * random_uniform(key, index++));
  }
  return tensor;
}

/// The values +-spacing/2, +-3 spacing/2, ... in random order: no two are nearer to each other than
/// `spacing`, and none is nearer to zero than half of it. For operators with kinks (Relu, MaxPool),
/// whose gradient is not defined on them.
inline Tensor spaced_tensor(const Shape& shape, std::uint64_t seed, double spacing = 0.25) {
  Tensor tensor(shape);
  const auto count = static_cast<std::int64_t>(tensor.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t pair = i / 2;
    const double magnitude = (static_cast<double>(pair) + 0.5) * spacing;
    tensor.data()[i] = static_cast<float>(i % 2 == 0 ? magnitude : -magnitude);
  }
  const RandomKey key = RandomKey{seed}.child("spaced_tensor");
  for (std::int64_t i = count - 1; i > 0; --i) {
    const auto other =
        random_below(key, static_cast<std::uint64_t>(i), static_cast<std::uint32_t>(i + 1));
    std::swap(tensor.data()[i], tensor.data()[other]);
  }
  return tensor;
}

inline Constant integer_constant(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return IntegerTensor{Shape{count}, std::move(values)};
}

/// One node with its inputs, built in view: `OperatorCase("Conv").attribute("pads",
/// pads).input(x).parameter(w)`.
class OperatorCase {
 public:
  explicit OperatorCase(std::string op_type, int opset = 13) {
    node_.name = "node";
    node_.op_type = std::move(op_type);
    node_.opset = opset;
    node_.outputs = {"y0"};
  }

  OperatorCase& attribute(std::string name, Attributes::Value value) {
    node_.attributes.set(std::move(name), std::move(value));
    return *this;
  }
  OperatorCase& attribute(std::string name, int value) {
    return attribute(std::move(name), Attributes::Value(std::int64_t{value}));
  }
  OperatorCase& attribute(std::string name, float value) {
    return attribute(std::move(name), Attributes::Value(value));
  }
  OperatorCase& attribute(std::string name, const char* value) {
    return attribute(std::move(name), Attributes::Value(std::string(value)));
  }
  /// A list has a name of its own: `{2}` would be the number 2.
  OperatorCase& integers(std::string name, std::vector<std::int64_t> values) {
    return attribute(std::move(name), Attributes::Value(std::move(values)));
  }

  /// An activation.
  OperatorCase& input(Tensor value) { return add(std::move(value), false); }
  /// A trainable initializer.
  OperatorCase& parameter(Tensor value) { return add(std::move(value), true); }
  /// A value that the model fixes: the operator sees it when it is prepared, and gets nullptr when
  /// it runs.
  OperatorCase& constant(Constant value) {
    inputs_.push_back({nullptr, std::make_shared<const Constant>(std::move(value)), false});
    return name_input(true);
  }
  /// An optional input left out.
  OperatorCase& absent() {
    inputs_.push_back({});
    return name_input(false);
  }

  /// The node's number of outputs, if not one.
  OperatorCase& outputs(std::size_t count) {
    node_.outputs.clear();
    for (std::size_t i = 0; i < count; ++i) node_.outputs.push_back(numbered("y", i));
    return *this;
  }
  OperatorCase& mode(ExecutionMode value) {
    mode_ = value;
    return *this;
  }
  OperatorCase& numerics(const NodeNumerics& value) {
    numerics_ = value;
    return *this;
  }
  OperatorCase& key(RandomKey value) {
    key_ = value;
    return *this;
  }

  const NodeSpec& node() const { return node_; }
  ExecutionMode mode() const { return mode_; }
  const NodeNumerics& numerics() const { return numerics_; }
  RandomKey key() const { return key_; }
  std::size_t input_count() const { return inputs_.size(); }

  /// The operator, from the registry. Throws what `make_operator` throws.
  std::unique_ptr<Operator> prepare() const {
    std::vector<InputSpec> specs(inputs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Input& from = inputs_[i];
      specs[i].present = from.value != nullptr || from.constant != nullptr;
      specs[i].parameter = from.parameter;
      specs[i].constant = from.constant.get();
      if (from.value != nullptr) specs[i].shape = from.value->shape();
      if (from.constant != nullptr) specs[i].shape = constant_shape(*from.constant);
    }
    return make_operator(node_, specs);
  }

  /// What the operator computes with: nullptr where an input is absent or a constant.
  TensorRefs input_values() const {
    TensorRefs values;
    for (const Input& from : inputs_) values.push_back(from.value.get());
    return values;
  }

 private:
  struct Input {
    std::shared_ptr<const Tensor> value;
    std::shared_ptr<const Constant> constant;
    bool parameter = false;
  };

  static std::string numbered(std::string name, std::size_t number) {
    name.append(std::to_string(number));
    return name;
  }
  static Shape constant_shape(const Constant& constant) {
    if (const auto* integers = std::get_if<IntegerTensor>(&constant)) return integers->shape;
    return std::get<std::shared_ptr<const Tensor>>(constant)->shape();
  }
  OperatorCase& add(Tensor value, bool parameter) {
    inputs_.push_back({std::make_shared<const Tensor>(std::move(value)), nullptr, parameter});
    return name_input(true);
  }
  OperatorCase& name_input(bool present) {
    node_.inputs.push_back(present ? numbered("x", node_.inputs.size()) : std::string());
    return *this;
  }

  NodeSpec node_;
  std::vector<Input> inputs_;
  ExecutionMode mode_ = ExecutionMode::inference;
  NodeNumerics numerics_;
  RandomKey key_{2024};
};

struct ForwardResult {
  std::vector<Tensor> outputs;
  std::vector<Tensor> saved;
};

/// Runs the forward pass on `inputs`. Outputs begin as NaN, so an element left unwritten shows.
inline ForwardResult run_forward(const OperatorCase& node, const Operator& op,
                                 const TensorRefs& inputs) {
  ForwardResult result;
  for (const Shape& shape : op.output_shapes()) {
    result.outputs.emplace_back(shape, std::numeric_limits<float>::quiet_NaN());
  }
  MutableTensorRefs outputs;
  for (Tensor& output : result.outputs) outputs.push_back(&output);
  op.forward({inputs, outputs, result.saved, node.numerics(), node.mode(), node.key()});
  return result;
}

inline ForwardResult run_forward(const OperatorCase& node) {
  return run_forward(node, *node.prepare(), node.input_values());
}

/// Gradients by the inputs that `wanted` marks (others are empty tensors), for the given gradients
/// by the outputs (nullptr: zero). They begin as NaN, so an element left unwritten shows.
inline std::vector<Tensor> run_backward(const OperatorCase& node, const Operator& op,
                                        const TensorRefs& inputs, const ForwardResult& forward,
                                        const TensorRefs& grad_outputs,
                                        const std::vector<bool>& wanted) {
  std::vector<Tensor> gradients(inputs.size());
  MutableTensorRefs grad_inputs(inputs.size(), nullptr);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!wanted[i]) continue;
    gradients[i] = Tensor(inputs[i]->shape(), std::numeric_limits<float>::quiet_NaN());
    grad_inputs[i] = &gradients[i];
  }
  TensorRefs outputs;
  for (const Tensor& output : forward.outputs) outputs.push_back(&output);
  op.backward(
      {inputs, outputs, forward.saved, grad_outputs, grad_inputs, node.numerics(), node.key()});
  return gradients;
}

/// Present inputs that may receive a gradient.
inline std::vector<bool> differentiable_inputs(const Operator& op, const TensorRefs& inputs) {
  std::vector<bool> wanted(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    wanted[i] = inputs[i] != nullptr && op.differentiable(i);
  return wanted;
}

inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

/// The text with which preparing the node is refused; empty if it is accepted.
inline std::string refusal(const OperatorCase& node) {
  try {
    node.prepare();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

inline std::vector<float> elements(const Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

}  // namespace mantissa
