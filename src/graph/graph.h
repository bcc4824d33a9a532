#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ops/operator.h"

namespace mantissa {

/// An initializer that training may change: a weight, a bias, a running mean.
struct Parameter {
  std::string name;
  std::shared_ptr<const Tensor> value;
};

/// A network as imported: nodes in topological order, constants folded, one input and one output.
/// Never changed after import; training works on a copy of the parameters.
struct Graph {
  std::string name;
  std::string producer;
  int opset = 0;
  std::string input_name;
  Shape input_shape;          ///< extent 0 is the batch; 0 there means that the model leaves it open
  std::string output_name;    ///< logits (or probabilities where the model ends in Softmax)
  std::vector<NodeSpec> nodes;
  std::vector<Parameter> parameters;         ///< binary32 initializers that some node reads, in order of first use
  std::map<std::string, Constant> constants; ///< integer initializers and folded values, by value name
  std::string sha256;                        ///< of the model's file, external data included
};

/// Reads an ONNX model (opset 9 to 17; initializers inside or in external files; constant subgraphs of shapes folded).
///
/// `Identity` on initializers, `Constant` nodes and Shape/Gather/... chains are folded; Dropout and BatchNormalization stay.
/// Throws one Error that names every unsupported node with its operator and opset; and for a missing, truncated
/// or non-ONNX file, NaN or infinite weights, more than one data input, cycles, missing values.
Graph load_onnx(const std::filesystem::path& path);

/// Reads a model from memory; external data is looked for in `folder`. `where` names it in errors.
Graph parse_onnx(std::string_view bytes, const std::filesystem::path& folder, std::string_view where);

/// The graph with other parameter values (same order as `graph.parameters`), as ONNX that `load_onnx` reads back and the
/// ONNX checker accepts. Written atomically.
void save_onnx(const std::filesystem::path& path, const Graph& graph, const std::vector<const Tensor*>& parameters);

/// A value in a network: the input, a parameter, or a node's output.
using ValueId = std::int32_t;
inline constexpr ValueId kNoValue = -1;

struct NetworkNode {
  std::string name;
  std::string op_type;
  std::shared_ptr<const Operator> op;
  std::vector<ValueId> inputs;  ///< kNoValue: absent, or a constant that the operator took in
  std::vector<ValueId> outputs;
};

/// A graph prepared for one batch size: every shape is known. Value 0 is the input; values 1..P are the parameters in the
/// graph's order; then node outputs.
struct Network {
  std::int64_t batch = 0;
  std::vector<NetworkNode> nodes;
  std::vector<Shape> value_shapes;
  std::vector<std::string> value_names;
  std::size_t parameter_count = 0;
  ValueId output = kNoValue;

  bool is_parameter(ValueId value) const {
    return value >= 1 && static_cast<std::size_t>(value) <= parameter_count;
  }
};

/// Infers all shapes for `batch` samples. Throws Error naming the node whose shapes do not fit.
Network prepare(const Graph& graph, std::int64_t batch);

/// A node that multiplies matrices, and so has formats of its own. "Layer" is the word for it in every report.
struct Layer {
  std::string name;       ///< the node's name
  std::string op_type;
  std::size_t node = 0;   ///< index in Graph::nodes and Network::nodes
  ValueId weight = kNoValue;  ///< its weight's value, if that is a parameter
  ValueId bias = kNoValue;
};

/// The layers in the order of execution.
std::vector<Layer> layers(const Network& network);

}  // namespace mantissa
