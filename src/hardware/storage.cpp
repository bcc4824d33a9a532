#include "hardware/storage.h"

#include <algorithm>
#include <string>

#include "hardware/arithmetic.h"
#include "hardware/host_core.h"
#include "numeric/rounding_grid.h"
#include "support/error.h"

namespace mantissa {
namespace {

std::size_t index(ValueId value) {
  return static_cast<std::size_t>(value);
}

std::vector<const LayerNumerics*> match_layers(const Network& network,
                                               const Assignment& assignment) {
  std::vector<const LayerNumerics*> matched;
  std::size_t next = 0;
  for (const NetworkNode& node : network.nodes) {
    if (!node.op->multiplies_matrices()) {
      matched.push_back(nullptr);
      continue;
    }
    if (next >= assignment.layers.size() || next >= assignment.layer_names.size() ||
        assignment.layer_names[next] != node.name) {
      throw Error(node.name,
                  "the assignment has no formats for this layer at place " + std::to_string(next),
                  "it must list the network's layers in the order of execution");
    }
    matched.push_back(&assignment.layers[next++]);
  }
  if (next != assignment.layers.size()) {
    const std::string where =
        next < assignment.layer_names.size() ? assignment.layer_names[next] : "";
    throw Error(where, "the assignment has " + std::to_string(assignment.layers.size()) +
                           " layers, the network " + std::to_string(next));
  }
  return matched;
}

/// Sufficient, not necessary: every number of `inner` is one of `outer`.
bool holds(const Format& outer, const Format& inner) {
  if (outer == inner || outer.is_fp32()) return true;
  // Others are as precise as their widest significand only near 1.
  if (!has_rounding_grid(outer)) return false;
  const NumberWidth wide = number_width(outer);
  const NumberWidth narrow = number_width(inner);
  return !wide.is_integer() && !narrow.is_integer() && !narrow.is_logarithm() &&
         wide.exponent_bits >= narrow.exponent_bits &&
         wide.significand_bits >= narrow.significand_bits;
}

/// How many nodes read each value; the loss reads the output.
std::vector<int> count_readers(const Network& network) {
  std::vector<int> readers(network.value_shapes.size(), 0);
  if (network.output != kNoValue) ++readers[index(network.output)];
  for (const NetworkNode& node : network.nodes) {
    for (const ValueId input : node.inputs) {
      if (input != kNoValue) ++readers[index(input)];
    }
  }
  return readers;
}

bool needs_gradient(const NetworkNode& node, bool is_layer, const StoragePlan& plan) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId input = node.inputs[i];
    if (input == kNoValue || !plan.needs_gradient[index(input)]) continue;
    if (is_layer || node.op->differentiable(i)) return true;
  }
  return false;
}

/// A node whose results are members of its first input's format, at a price of none.
bool selects(const NetworkNode& node) {
  return (is_view(node.op_type) || keeps_format(node.op_type)) && !node.inputs.empty() &&
         node.inputs.front() != kNoValue;
}

/// A node through whose backward a rounding may be moved: each gradient element goes to one place
/// at most.
bool moves_gradients(const NetworkNode& node) {
  if (is_view(node.op_type)) return true;
  const OperatorWork work = node.op->work();
  // Windows of a pooling overlap if they look at more elements than there are.
  return node.op_type != "MaxPool" ||
         work.elementwise_forward + work.output_elements <= work.input_elements;
}

/// A Relu behind a node, and nobody else wants the node's result.
bool is_fused(const Network& network, const NetworkNode& node, const std::vector<int>& readers) {
  if (node.op_type != "Relu" || node.inputs.empty()) return false;
  const ValueId input = node.inputs.front();
  return input > 0 && !network.is_parameter(input) && readers[index(input)] == 1;
}

/// What a node's results are members of, and the format in which it takes their gradients.
struct NodeFormats {
  Format computed;
  Quantization gradient;
};

NodeFormats formats_of(const NetworkNode& node, const LayerNumerics* layer,
                       const Quantization& vector, const std::vector<int>& readers,
                       const StoragePlan& plan) {
  if (layer != nullptr) {
    return {layer->tensor(Role::output).format, layer->tensor(Role::error)};
  }
  NodeFormats formats{vector.format, vector};
  if (!selects(node)) return formats;
  const std::size_t input = index(node.inputs.front());
  const bool view = is_view(node.op_type);
  if (view || holds(vector.format, plan.computed_format[input])) {
    formats.computed = plan.computed_format[input];
  }
  const Quantization& gradient = plan.gradient_format[input];
  const bool alone = readers[input] == 1 && moves_gradients(node);
  if (alone && !gradient.scaling.scales() && (view || holds(vector.format, gradient.format))) {
    formats.gradient = gradient;
  }
  return formats;
}

void set_gradient(StoragePlan& plan, ValueId value, const Quantization& format) {
  plan.gradient_format[index(value)] = format;
  plan.gradient_bits[index(value)] = storage_bits(format);
}

void plan_forward(const Network& network, const Assignment& assignment, StoragePlan& plan) {
  const Quantization& vector = assignment.vector;
  const std::vector<int> readers = count_readers(network);
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    const NetworkNode& node = network.nodes[n];
    const LayerNumerics* layer = plan.layers[n];
    const NodeFormats formats = formats_of(node, layer, vector, readers, plan);
    const bool needs = needs_gradient(node, layer != nullptr, plan);
    plan.fused.push_back(is_fused(network, node, readers));
    for (const ValueId output : node.outputs) {
      if (output == kNoValue) continue;
      plan.needs_gradient[index(output)] = needs;
      plan.computed_format[index(output)] = formats.computed;
      set_gradient(plan, output, readers[index(output)] > 1 ? vector : formats.gradient);
    }
    if (plan.fused[n]) {
      set_gradient(plan, node.inputs.front(), plan.gradient_format[index(node.outputs.front())]);
    }
  }
}

double demanded_bits(const StoragePlan& plan, const LayerNumerics* layer, std::size_t input,
                     ValueId value) {
  if (layer == nullptr || input > 1) return storage_bits(plan.computed_format[index(value)]);
  return storage_bits(layer->tensor(input == 0 ? Role::activation : Role::weight));
}

void plan_demands(const Network& network, StoragePlan& plan) {
  if (network.output != kNoValue) {
    plan.value_bits[index(network.output)] =
        storage_bits(plan.computed_format[index(network.output)]);
  }
  for (std::size_t n = network.nodes.size(); n-- > 0;) {
    const NetworkNode& node = network.nodes[n];
    const bool one_tensor = (is_view(node.op_type) || plan.fused[n]) && !node.outputs.empty();
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId value = node.inputs[i];
      if (value == kNoValue || network.is_parameter(value)) continue;
      const double bits = one_tensor ? plan.value_bits[index(node.outputs.front())]
                                     : demanded_bits(plan, plan.layers[n], i, value);
      plan.value_bits[index(value)] = std::max(plan.value_bits[index(value)], bits);
    }
  }
}

}  // namespace

bool is_trained(const Network& network, ValueId value) {
  return network.is_parameter(value) && network.trainable[index(value) - 1];
}

double storage_bits(const Format& format) {
  return facts(format).storage_bits;
}

double storage_bits(const Quantization& quantization) {
  return storage_bits(quantization.format) + quantization.scaling.bits_per_element();
}

StoragePlan plan_storage(const Network& network, const Assignment& assignment) {
  const std::size_t values = network.value_shapes.size();
  const double vector_bits = storage_bits(assignment.vector.format);
  StoragePlan plan;
  plan.layers = match_layers(network, assignment);
  plan.computed_format.assign(values, assignment.vector.format);
  plan.gradient_format.assign(values, assignment.vector);
  plan.value_bits.assign(values, 0);
  plan.gradient_bits.assign(values, vector_bits);
  plan.needs_gradient.assign(values, false);
  for (std::size_t p = 1; p <= network.parameter_count; ++p) {
    plan.needs_gradient[p] = network.trainable[p - 1];
    plan.value_bits[p] = vector_bits;
  }
  plan_forward(network, assignment, plan);
  plan_demands(network, plan);
  return plan;
}

}  // namespace mantissa
