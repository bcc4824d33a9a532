#pragma once

#include <vector>

#include "graph/graph.h"

namespace mantissa {

/// The network's output for one batch, in fp32 and inference mode: a loop over the nodes, for
/// tests.
inline Tensor run_network(const Graph& graph, const Network& network, const Tensor& input) {
  std::vector<const Tensor*> values(network.value_shapes.size(), nullptr);
  values[0] = &input;
  for (std::size_t index = 0; index < graph.parameters.size(); ++index) {
    values[index + 1] = graph.parameters[index].value.get();
  }
  std::vector<Tensor> computed(network.value_shapes.size());
  const NodeNumerics numerics;
  for (const NetworkNode& node : network.nodes) {
    TensorRefs inputs;
    for (const ValueId id : node.inputs) {
      inputs.push_back(id == kNoValue ? nullptr : values[static_cast<std::size_t>(id)]);
    }
    MutableTensorRefs outputs;
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) {
        outputs.push_back(nullptr);
        continue;
      }
      Tensor& tensor = computed[static_cast<std::size_t>(id)];
      tensor = Tensor(network.value_shapes[static_cast<std::size_t>(id)]);
      values[static_cast<std::size_t>(id)] = &tensor;
      outputs.push_back(&tensor);
    }
    // Operators may know more outputs than the node names.
    outputs.resize(node.op->output_shapes().size(), nullptr);
    std::vector<Tensor> saved;
    node.op->forward({inputs, outputs, saved, numerics, ExecutionMode::inference, RandomKey{1}});
  }
  return values[static_cast<std::size_t>(network.output)]->clone();
}

}  // namespace mantissa
