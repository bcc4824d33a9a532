#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "support/random.h"

namespace mantissa::test {

/// A parameter with uniform values of variance 2 / fan_in.
inline Parameter random_parameter(const std::string& name, const Shape& shape, std::int64_t fan_in,
                                  RandomKey key) {
  auto value = std::make_shared<Tensor>(shape);
  std::uint64_t i = 0;
  for (float& element : value->values()) {
    element = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in)) *
                                 (2 * random_uniform(key, i++) - 1));
  }
  return {name, std::move(value)};
}

inline Parameter constant_parameter(const std::string& name, const Shape& shape, float value) {
  return {name, std::make_shared<Tensor>(shape, value)};
}

inline NodeSpec node(const std::string& name, const std::string& op_type,
                     std::vector<std::string> inputs, const std::string& output) {
  NodeSpec spec;
  spec.name = name;
  spec.op_type = op_type;
  spec.opset = 13;
  spec.inputs = std::move(inputs);
  spec.outputs = {output};
  return spec;
}

/// conv1 3x3 (8 channels) - bn - relu - max pool 2 - conv2 3x3 stride 2 (16 channels) - relu -
/// flatten - fc (10), on [batch, 1, size, size].
inline Graph small_cnn(std::int64_t size, RandomKey key = {17}) {
  using Integers = std::vector<std::int64_t>;
  Graph graph;
  graph.name = "small-cnn";
  graph.opset = 13;
  graph.input_name = "x";
  graph.input_shape = {0, 1, size, size};
  graph.output_name = "logits";
  const std::int64_t features = 16 * ((size / 2 + 1) / 2) * ((size / 2 + 1) / 2);
  graph.parameters = {random_parameter("conv1.weight", {8, 1, 3, 3}, 9, key.child("conv1")),
                      constant_parameter("bn.scale", {8}, 1),
                      constant_parameter("bn.shift", {8}, 0),
                      constant_parameter("bn.mean", {8}, 0),
                      constant_parameter("bn.variance", {8}, 1),
                      random_parameter("conv2.weight", {16, 8, 3, 3}, 72, key.child("conv2")),
                      constant_parameter("conv2.bias", {16}, 0.0625F),
                      random_parameter("fc.weight", {10, features}, features, key.child("fc")),
                      constant_parameter("fc.bias", {10}, 0)};
  NodeSpec conv1 = node("conv1", "Conv", {"x", "conv1.weight"}, "a");
  conv1.attributes.set("pads", Integers{1, 1, 1, 1});
  NodeSpec bn = node("bn", "BatchNormalization",
                     {"a", "bn.scale", "bn.shift", "bn.mean", "bn.variance"}, "b");
  NodeSpec pool = node("pool", "MaxPool", {"c"}, "d");
  pool.attributes.set("kernel_shape", Integers{2, 2});
  pool.attributes.set("strides", Integers{2, 2});
  NodeSpec conv2 = node("conv2", "Conv", {"d", "conv2.weight", "conv2.bias"}, "e");
  conv2.attributes.set("pads", Integers{1, 1, 1, 1});
  conv2.attributes.set("strides", Integers{2, 2});
  NodeSpec fc = node("fc", "Gemm", {"g", "fc.weight", "fc.bias"}, "logits");
  fc.attributes.set("transB", std::int64_t{1});
  graph.nodes = {conv1,
                 bn,
                 node("relu1", "Relu", {"b"}, "c"),
                 pool,
                 conv2,
                 node("relu2", "Relu", {"e"}, "f"),
                 node("flatten", "Flatten", {"f"}, "g"),
                 fc};
  return graph;
}

inline std::vector<std::string> layer_names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Layer& layer : layers(prepare(graph, 1))) names.push_back(layer.name);
  return names;
}

}  // namespace mantissa::test
