#include "training/initialization.h"

#include <array>
#include <cmath>

namespace mantissa {
namespace {

void fill_uniform(Tensor& tensor, double variance, RandomKey key) {
  const double bound = std::sqrt(3 * variance);  // of U(-b, b) the variance is b^2 / 3
  std::size_t i = 0;
  for (float& value : tensor.values()) {
    value = static_cast<float>(bound * (2 * random_uniform(key, i++) - 1));
  }
}

}  // namespace

std::vector<Tensor> model_parameters(const Graph& graph) {
  std::vector<Tensor> parameters;
  for (const Parameter& parameter : graph.parameters)
    parameters.push_back(parameter.value->clone());
  return parameters;
}

std::vector<Tensor> initial_parameters(const Graph& graph, const Network& network, RandomKey key) {
  std::vector<Tensor> parameters = model_parameters(graph);
  const auto at = [&](ValueId value) -> Tensor* {
    return network.is_parameter(value) ? &parameters[static_cast<std::size_t>(value) - 1] : nullptr;
  };
  const std::vector<Layer> all_layers = layers(network);
  for (const Layer& layer : all_layers) {
    if (Tensor* weight = at(layer.weight)) {
      const auto product = network.nodes[layer.node].op->work().forward;
      const double fan_in = product && product->k > 0 ? static_cast<double>(product->k) : 1;
      const bool last = &layer == &all_layers.back();
      fill_uniform(*weight, (last ? 1 : 2) / fan_in,
                   key.child(static_cast<std::uint64_t>(layer.weight)));
    }
    if (Tensor* bias = at(layer.bias)) bias->fill(0);
  }
  for (const NetworkNode& node : network.nodes) {
    if (node.op_type != "BatchNormalization") continue;
    static constexpr std::array<float, 4> kStart = {
        1, 0, 0, 1};  // scale, shift, running mean, running variance
    for (std::size_t i = 0; i < kStart.size(); ++i) {
      if (Tensor* parameter = at(node.inputs[i + 1])) parameter->fill(kStart[i]);
    }
  }
  return parameters;
}

}  // namespace mantissa
