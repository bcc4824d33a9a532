#include "training/execution.h"

#include <algorithm>
#include <chrono>

#include "support/error.h"
#include "tensor/parallel.h"
#include "training/finite.h"
#include "training/operand_rounding.h"

namespace mantissa {
namespace {

constexpr std::int64_t kAddGrain = 1 << 15;  // elements; far more work than a task costs

/// Adds the time it lived to `total`, if there is one.
class Stopwatch {
 public:
  explicit Stopwatch(double* total) : total_(total) {
    if (total_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  ~Stopwatch() {
    if (total_ == nullptr) return;
    *total_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  Stopwatch(Stopwatch&&) = delete;
  Stopwatch& operator=(Stopwatch&&) = delete;

 private:
  double* total_;
  std::chrono::steady_clock::time_point start_;
};

void add_into(Tensor& sum, const Tensor& addend) {
  float* out = sum.data();
  const float* in = addend.data();
  parallel_for(static_cast<std::int64_t>(sum.size()), kAddGrain,
               [=](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) out[i] += in[i];
               });
}

bool is_finite(const Tensor& tensor) {
  return all_finite(tensor.values());
}

bool is_softmax(const NetworkNode& node) {
  return node.op_type == "Softmax" || node.op_type == "LogSoftmax";
}

}  // namespace

Execution::Execution(const Network& network, const Assignment& assignment)
    : network_(network),
      assignment_(assignment),
      layers_(layers(network)),
      layer_of_node_(network.nodes.size(), -1),
      node_count_(network.nodes.size()),
      logits_(network.output),
      node_numerics_(network.nodes.size()),
      values_(network.value_shapes.size()),
      gradients_(network.value_shapes.size()),
      has_gradient_(network.value_shapes.size()),
      saved_(network.nodes.size()),
      operands_(layers_.size()),
      node_inputs_(network.nodes.size()),
      input_gradients_(network.nodes.size()) {
  if (assignment.layers.size() != layers_.size()) {
    throw Error("", "the assignment has formats for " + std::to_string(assignment.layers.size()) +
                        " layers, but the network has " + std::to_string(layers_.size()));
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layer_of_node_[layers_[i].node] = static_cast<int>(i);
    const LayerNumerics& numerics = assignment.layers[i];
    node_numerics_[layers_[i].node] = {
        numerics.mac(Role::mac_forward), numerics.mac(Role::mac_backward_data),
        numerics.mac(Role::mac_backward_weight), numerics.tensor(Role::output)};
  }
  // The loss takes the softmax in with its logarithm, so a final softmax is not computed.
  if (!network.nodes.empty() && is_softmax(network.nodes.back()) &&
      network.nodes.back().outputs[0] == network.output) {
    --node_count_;
    logits_ = network.nodes.back().inputs[0];
  }
  for (std::size_t node = 0; node < node_count_; ++node) {
    for (const ValueId output : network.nodes[node].outputs) {
      if (output != kNoValue) {
        values_[static_cast<std::size_t>(output)] =
            Tensor(network.value_shapes[static_cast<std::size_t>(output)]);
      }
    }
  }
  mark_gradients();
}

void Execution::count_events(EventCounters* events) {
  events_ = events;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    node_numerics_[layers_[layer].node].events = events == nullptr ? nullptr : events->node(layer);
  }
}

TensorEventCounter* Execution::layer_events(std::size_t layer, Role role) const {
  return events_ == nullptr ? nullptr : events_->tensor(layer, role);
}

TensorEventCounter* Execution::vector_events() const {
  return events_ == nullptr ? nullptr : events_->vector();
}

void Execution::mark_gradients() {
  needs_gradient_.assign(network_.value_shapes.size(), false);
  for (std::size_t n = 0; n < node_count_; ++n) {
    const NetworkNode& node = network_.nodes[n];
    bool any = false;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId input = node.inputs[i];
      if (input == kNoValue || !node.op->differentiable(i)) continue;
      if (network_.is_parameter(input)) {
        needs_gradient_[static_cast<std::size_t>(input)] =
            network_.trainable[static_cast<std::size_t>(input) - 1];
      }
      any = any || needs_gradient_[static_cast<std::size_t>(input)];
    }
    if (any) needs_gradient_[static_cast<std::size_t>(node.outputs[0])] = true;
  }
}

bool Execution::is_trained(std::size_t parameter_index) const {
  return needs_gradient_[parameter_index + 1];
}

Tensor* Execution::gradient(std::size_t index) {
  return has_gradient_[index + 1] ? &gradients_[index + 1] : nullptr;
}

const LayerNumerics* Execution::numerics_of(std::size_t node) const {
  const int layer = layer_of_node_[node];
  return layer < 0 ? nullptr : &assignment_.layers[static_cast<std::size_t>(layer)];
}

TensorRefs Execution::gather_inputs(std::size_t node, std::span<const Tensor> parameters) const {
  TensorRefs inputs;
  for (const ValueId input : network_.nodes[node].inputs) {
    if (input == kNoValue) {
      inputs.push_back(nullptr);
    } else if (input == 0) {
      inputs.push_back(input_);
    } else if (network_.is_parameter(input)) {
      inputs.push_back(&parameters[static_cast<std::size_t>(input) - 1]);
    } else {
      inputs.push_back(&values_[static_cast<std::size_t>(input)]);
    }
  }
  return inputs;
}

void Execution::round_operands(std::size_t node, TensorRefs& inputs, ExecutionMode mode,
                               RandomKey key) {
  const auto layer = static_cast<std::size_t>(layer_of_node_[node]);
  const LayerNumerics& numerics = assignment_.layers[layer];
  LayerOperands& operands = operands_[layer];
  const ProductAxes axes = network_.nodes[node].op->product_axes();
  const bool training = mode == ExecutionMode::training;
  operands.given_activation = inputs[0];
  operands.given_weight = inputs[1];
  if (const Quantization& format = numerics.tensor(Role::activation); !format.is_identity()) {
    round_operand(*inputs[0], operands.activation, format, axes.activation, key.child("activation"),
                  operands.activation_history, training, layer_events(layer, Role::activation));
    inputs[0] = &operands.activation;
  }
  if (const Quantization& format = second_operand(layer); !format.is_identity()) {
    round_operand(*inputs[1], operands.weight, format, axes.weight, key.child("weight"),
                  operands.weight_history, training, layer_events(layer, second_role(layer)));
    inputs[1] = &operands.weight;
  }
}

Role Execution::second_role(std::size_t layer) const {
  // A product of two activations has no weight: both operands are activations then.
  return layers_[layer].weight != kNoValue ? Role::weight : Role::activation;
}

const Quantization& Execution::second_operand(std::size_t layer) const {
  return assignment_.layers[layer].tensor(second_role(layer));
}

void Execution::round_backward_operands(std::size_t node, bool wants_data, ProductOperands& data,
                                        ProductOperands& weights, RandomKey key) {
  const auto layer = static_cast<std::size_t>(layer_of_node_[node]);
  const LayerNumerics& numerics = assignment_.layers[layer];
  LayerOperands& operands = operands_[layer];
  const ProductAxes axes = network_.nodes[node].op->product_axes();
  // Where blocks or channels have scales, each product has a rounding of its own.
  const auto again = [&](const Tensor& given, Tensor& rounded, const Quantization& format,
                         OperandAxes along, std::string_view name, ScaleHistory& history) {
    round_operand(given, rounded, format, along.swapped(), key.child(name), history, false,
                  nullptr);
    return &rounded;
  };
  if (const Quantization& format = numerics.tensor(Role::activation); depends_on_axes(format)) {
    weights.inputs[0] = again(*operands.given_activation, operands.activation_again, format,
                              axes.activation, "activation_again", operands.activation_history);
  }
  const Quantization& second = second_operand(layer);
  if (wants_data && depends_on_axes(second)) {
    data.inputs[1] = again(*operands.given_weight, operands.weight_again, second, axes.weight,
                           "weight_again", operands.weight_history);
  }
  const Quantization& format = numerics.tensor(Role::error);
  if (format.is_identity()) return;
  const Tensor& given = *data.grad_outputs[0];
  if (depends_on_axes(format)) {
    weights.grad_outputs[0] = again(given, operands.error_again, format, axes.error, "error_again",
                                    operands.error_history);
    if (!wants_data) return;
  }
  round_operand(given, operands.error, format, axes.error, key.child("error"),
                operands.error_history, true, layer_events(layer, Role::error));
  data.grad_outputs[0] = &operands.error;
  if (!depends_on_axes(format)) weights.grad_outputs[0] = &operands.error;
}

const Tensor& Execution::forward(const Tensor& input, std::span<const Tensor> parameters,
                                 ExecutionMode mode, RandomKey key) {
  input_ = &input;
  for (std::size_t node = 0; node < node_count_; ++node)
    forward_node(node, parameters, mode, key.child(node));
  return logits_ == 0 ? input : values_[static_cast<std::size_t>(logits_)];
}

void Execution::forward_node(std::size_t n, std::span<const Tensor> parameters, ExecutionMode mode,
                             RandomKey key) {
  const Stopwatch stopwatch(seconds_ != nullptr ? &(*seconds_)[n].forward : nullptr);
  const NetworkNode& node = network_.nodes[n];
  TensorRefs& inputs = node_inputs_[n];
  inputs = gather_inputs(n, parameters);
  if (layer_of_node_[n] >= 0) round_operands(n, inputs, mode, key);
  MutableTensorRefs outputs;
  for (const ValueId output : node.outputs) {
    outputs.push_back(output == kNoValue ? nullptr : &values_[static_cast<std::size_t>(output)]);
  }
  node.op->forward({inputs, outputs, saved_[n], node_numerics_[n], mode, key});
  if (layer_of_node_[n] < 0) {
    quantize_tensor(*outputs[0], assignment_.vector, key.child("vector"), vector_events());
  }
}

void Execution::backward(const Tensor& grad_logits, RandomKey key) {
  has_gradient_.assign(has_gradient_.size(), false);
  const auto logits = static_cast<std::size_t>(logits_);
  gradients_[logits].resize(network_.value_shapes[logits]);
  std::copy(grad_logits.values().begin(), grad_logits.values().end(), gradients_[logits].data());
  has_gradient_[logits] = true;
  for (std::size_t node = node_count_; node-- > 0;) backward_node(node, key.child(node));
}

void Execution::backward_node(std::size_t n, RandomKey key) {
  const NetworkNode& node = network_.nodes[n];
  const auto output = static_cast<std::size_t>(node.outputs[0]);
  if (!needs_gradient_[output] || !has_gradient_[output]) return;

  std::vector<Tensor>& scratch = input_gradients_[n];
  scratch.resize(node.inputs.size());
  MutableTensorRefs grad_inputs(node.inputs.size(), nullptr);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId input = node.inputs[i];
    if (input == kNoValue || !node.op->differentiable(i) ||
        !needs_gradient_[static_cast<std::size_t>(input)])
      continue;
    scratch[i].resize(network_.value_shapes[static_cast<std::size_t>(input)]);
    grad_inputs[i] = &scratch[i];
  }
  ProductOperands data{node_inputs_[n], TensorRefs(node.outputs.size(), nullptr)};
  data.grad_outputs[0] = &gradients_[output];
  ProductOperands weights = data;
  if (layer_of_node_[n] >= 0) {
    round_backward_operands(n, grad_inputs[0] != nullptr, data, weights, key);
  }
  TensorRefs outputs;
  for (const ValueId value : node.outputs) {
    outputs.push_back(value == kNoValue ? nullptr : &values_[static_cast<std::size_t>(value)]);
  }
  differentiate(n, data, weights, outputs, grad_inputs, key);
  collect_gradients(n, key);
}

void Execution::differentiate(std::size_t n, const ProductOperands& data,
                              const ProductOperands& weights, const TensorRefs& outputs,
                              const MutableTensorRefs& wanted, RandomKey key) {
  const auto run = [&](const ProductOperands& operands, const MutableTensorRefs& part,
                       double* total) {
    const Stopwatch stopwatch(total);
    network_.nodes[n].op->backward(
        {operands.inputs, outputs, saved_[n], operands.grad_outputs, part, node_numerics_[n], key});
  };
  NodeSeconds* seconds = seconds_ != nullptr ? &(*seconds_)[n] : nullptr;
  const bool is_layer = layer_of_node_[n] >= 0;
  if (!is_layer || (seconds == nullptr && data == weights)) {
    run(data, wanted, seconds != nullptr ? &seconds->backward_data : nullptr);
    return;
  }
  // A layer's two products, one after the other: each has operands, or a time, of its own.
  MutableTensorRefs data_gradient(wanted.size(), nullptr);
  MutableTensorRefs other_gradients = wanted;
  std::swap(data_gradient[0], other_gradients[0]);
  if (data_gradient[0] != nullptr) {
    run(data, data_gradient, seconds != nullptr ? &seconds->backward_data : nullptr);
  }
  run(weights, other_gradients, seconds != nullptr ? &seconds->backward_weight : nullptr);
}

void Execution::collect_gradients(std::size_t n, RandomKey key) {
  const NetworkNode& node = network_.nodes[n];
  const LayerNumerics* numerics = numerics_of(n);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    const auto input = static_cast<std::size_t>(node.inputs[i]);
    if (!node.op->differentiable(i) || !needs_gradient_[input]) continue;
    Tensor& gradient = input_gradients_[n][i];
    if (numerics != nullptr) {
      const bool is_weight = i == 1 && network_.is_parameter(node.inputs[i]);
      if (is_weight)
        quantize_tensor(
            gradient, numerics->tensor(Role::weight_gradient), key.child("weight_gradient"),
            layer_events(static_cast<std::size_t>(layer_of_node_[n]), Role::weight_gradient));
    } else if (!network_.is_parameter(node.inputs[i])) {
      quantize_tensor(gradient, assignment_.vector, key.child("vector_gradient").child(i),
                      vector_events());
    }
    if (has_gradient_[input]) {
      add_into(gradients_[input], gradient);
      if (!network_.is_parameter(node.inputs[i])) {
        quantize_tensor(gradients_[input], assignment_.vector, key.child("gradient_sum").child(i),
                        vector_events());
      }
    } else {
      std::swap(gradients_[input], gradient);
      has_gradient_[input] = true;
    }
  }
}

std::string Execution::first_not_finite(std::span<const Tensor> parameters) const {
  // Parameters have it from the backward pass of the step before.
  if (!std::all_of(parameters.begin(), parameters.end(), is_finite)) {
    return first_gradient_not_finite();
  }
  for (std::size_t n = 0; n < node_count_; ++n) {
    const auto output = static_cast<std::size_t>(network_.nodes[n].outputs[0]);
    if (!is_finite(values_[output])) {
      return "the result of node \"" + network_.nodes[n].name + "\"";
    }
  }
  return "";
}

std::string Execution::first_gradient_not_finite() const {
  for (std::size_t n = node_count_; n-- > 0;) {
    const NetworkNode& node = network_.nodes[n];
    const auto is_bad = [&](ValueId value) {
      return value != kNoValue && has_gradient_[static_cast<std::size_t>(value)] &&
             !is_finite(gradients_[static_cast<std::size_t>(value)]);
    };
    if (is_bad(node.outputs[0])) return "the gradient that arrives at node \"" + node.name + "\"";
    for (const ValueId input : node.inputs) {
      if (input != kNoValue && network_.is_parameter(input) && is_bad(input)) {
        return "a parameter's gradient in node \"" + node.name + "\"";
      }
    }
  }
  return "a parameter";
}

void Execution::apply_state_updates(std::span<Tensor> parameters) const {
  for (std::size_t n = 0; n < node_count_; ++n) {
    const NetworkNode& node = network_.nodes[n];
    for (const StateUpdate& update : node.op->state_updates()) {
      const ValueId target = node.inputs[update.input];
      if (!network_.is_parameter(target)) continue;
      const auto source = saved_[n][update.saved].values();
      std::copy(source.begin(), source.end(),
                parameters[static_cast<std::size_t>(target) - 1].data());
    }
  }
}

}  // namespace mantissa
