#include <unordered_map>

#include "graph/describe.h"
#include "graph/graph.h"
#include "graph/onnx_model.h"
#include "support/error.h"

namespace mantissa {
namespace {

const Shape& shape_of(const Constant& constant) {
  if (const auto* integers = std::get_if<IntegerTensor>(&constant)) return integers->shape;
  return std::get<std::shared_ptr<const Tensor>>(constant)->shape();
}

class Preparation {
 public:
  Preparation(const Graph& graph, std::int64_t batch) : graph_(graph) {
    network_.batch = batch;
    network_.parameter_count = graph.parameters.size();
    Shape input = graph.input_shape;
    input[0] = batch;
    add_value(graph.input_name, std::move(input));
    for (const Parameter& parameter : graph.parameters) {
      add_value(parameter.name, parameter.value->shape());
      network_.trainable.push_back(parameter.trainable);
    }
  }

  Network run() {
    for (const NodeSpec& node : graph_.nodes) add_node(node);
    network_.output = ids_.at(graph_.output_name);
    return std::move(network_);
  }

 private:
  ValueId add_value(const std::string& name, Shape shape) {
    const auto id = static_cast<ValueId>(network_.value_shapes.size());
    network_.value_shapes.push_back(std::move(shape));
    network_.value_names.push_back(name);
    ids_.emplace(name, id);
    return id;
  }

  void add_node(const NodeSpec& spec) {
    NetworkNode node;
    node.name = spec.name;
    node.op_type = spec.op_type;
    std::vector<InputSpec> inputs;
    for (std::size_t index = 0; index < spec.inputs.size(); ++index) {
      inputs.push_back(describe(spec, index, node));
    }
    node.op = make_operator(spec, inputs);
    const std::vector<Shape>& shapes = node.op->output_shapes();
    for (std::size_t index = 0; index < spec.outputs.size(); ++index) {
      const std::string& name = spec.outputs[index];
      require_plausible(shapes[index], "node " + in_quotes(spec.name), "its output");
      node.outputs.push_back(name.empty() ? kNoValue : add_value(name, shapes[index]));
    }
    network_.nodes.push_back(std::move(node));
  }

  /// What the operator is told of input `index`; adds the input's value to the node.
  InputSpec describe(const NodeSpec& spec, std::size_t index, NetworkNode& node) {
    const std::string& name = spec.inputs[index];
    node.inputs.push_back(kNoValue);
    InputSpec input;
    if (name.empty()) return input;
    input.present = true;
    const auto constant = graph_.constants.find(name);
    const auto value = ids_.find(name);
    const bool taken_in = constant != graph_.constants.end() &&
                          (value == ids_.end() || is_setting(spec.op_type, index));
    if (taken_in) {
      input.constant = &constant->second;
      input.shape = shape_of(constant->second);
      return input;
    }
    if (value == ids_.end())
      throw Error("node " + in_quotes(spec.name), "nothing makes " + in_quotes(name));
    node.inputs.back() = value->second;
    input.shape = network_.value_shapes[static_cast<std::size_t>(value->second)];
    if (network_.is_parameter(value->second)) {
      const Parameter& parameter = graph_.parameters[static_cast<std::size_t>(value->second) - 1];
      input.parameter = parameter.trainable;
      if (!parameter.trainable) {
        literals_.push_back(std::make_unique<Constant>(parameter.value));
        input.constant = literals_.back().get();
      }
    }
    return input;
  }

  const Graph& graph_;
  Network network_;
  std::unordered_map<std::string, ValueId> ids_;
  std::vector<std::unique_ptr<Constant>>
      literals_;  ///< fixed parameters as operators are shown them
};

}  // namespace

Network prepare(const Graph& graph, std::int64_t batch) {
  if (batch < 1)
    throw Error("", "a batch of " + std::to_string(batch) + " samples is not possible");
  return Preparation(graph, batch).run();
}

std::vector<Layer> layers(const Network& network) {
  std::vector<Layer> layers;
  for (std::size_t index = 0; index < network.nodes.size(); ++index) {
    const NetworkNode& node = network.nodes[index];
    if (!node.op->multiplies_matrices()) continue;
    const auto parameter = [&](std::size_t input) {
      const bool has = input < node.inputs.size() && network.is_parameter(node.inputs[input]);
      return has ? node.inputs[input] : kNoValue;
    };
    layers.push_back({node.name, node.op_type, index, parameter(1), parameter(2)});
  }
  return layers;
}

}  // namespace mantissa
