#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ops/operator.h"

namespace mantissa {

/// A tensor of real numbers that comes with the model: a weight, a bias, a running mean.
struct Parameter {
  std::string name;
  std::shared_ptr<const Tensor> value;
  /// False for a literal of the model's formula, such as the 0.5 of `Mul(x, Constant)`: it takes
  /// its place among the parameters, but training must not change it. Initializers are trainable,
  /// and so is whatever is a weight or bias of Conv, Gemm, MatMul or BatchNormalization.
  bool trainable = true;
};

/// A network as imported: nodes in topological order, constants folded, one input and one output.
/// Never changed after import; training works on a copy of the parameters.
struct Graph {
  std::string name;
  std::string producer;
  int opset = 0;
  std::string input_name;
  Shape input_shape;        ///< extent 0 is the batch; 0 there means that the model leaves it open
  std::string output_name;  ///< logits (or probabilities where the model ends in Softmax)
  std::vector<NodeSpec> nodes;
  std::vector<Parameter> parameters;  ///< tensors that some node reads, in order of first use
  std::map<std::string, Constant>
      constants;       ///< integers, and settings such as the bounds of Clip, by value name
  std::string sha256;  ///< of the model's file, external data included
};

/// Reads an ONNX model (opset 7 to 17; initializers inside or in external files of the model's
/// folder). Weights of any floating type become binary32.
///
/// What can be computed without running the network is folded: `Constant`, Shape/Gather/... chains,
/// and operations on initializers, whose result becomes a parameter of its own (evaluation exports
/// share equal weights through `Identity`). Dropout and BatchNormalization stay, without
/// the mode that they were exported in: whether a run trains is for the run to say. Nodes that the
/// output does not depend on are dropped.
///
/// The exported batch size does not matter: shapes computed from it, and targets of Reshape that
/// spell it out, are rewritten so that they follow it.
///
/// Throws one Error that names every unsupported node with its operator and opset; and for a
/// missing, truncated or non-ONNX file, NaN or infinite weights, more than one data input or
/// output, cycles, missing values.
Graph load_onnx(const std::filesystem::path& path);

/// Reads a model from memory; external data is looked for in `folder`. `where` names it in errors.
Graph parse_onnx(std::string_view bytes, const std::filesystem::path& folder,
                 std::string_view where);

/// The graph with other parameter values (same order and shapes as `graph.parameters`) as the bytes
/// of an ONNX file that ONNX's checker accepts and `parse_onnx` reads back to the same graph, bit
/// for bit. The same graph gives the same bytes.
std::string to_onnx(const Graph& graph, const std::vector<const Tensor*>& parameters);

/// Writes `to_onnx` atomically. Throws Error naming the file if it cannot be written.
void save_onnx(const std::filesystem::path& path, const Graph& graph,
               const std::vector<const Tensor*>& parameters);

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

/// A graph prepared for one batch size: every shape is known. Value 0 is the input; values 1..P are
/// the parameters in the graph's order; then node outputs.
struct Network {
  std::int64_t batch = 0;
  std::vector<NetworkNode> nodes;
  std::vector<Shape> value_shapes;
  std::vector<std::string> value_names;
  std::size_t parameter_count = 0;
  std::vector<bool> trainable;  ///< by parameter
  ValueId output = kNoValue;

  bool is_parameter(ValueId value) const {
    return value >= 1 && static_cast<std::size_t>(value) <= parameter_count;
  }
};

/// Infers all shapes for `batch` samples. Throws Error naming the node whose shapes do not fit.
Network prepare(const Graph& graph, std::int64_t batch);

/// A node that multiplies matrices, and so has formats of its own. "Layer" is the word for it in
/// every report.
struct Layer {
  std::string name;  ///< the node's name
  std::string op_type;
  std::size_t node = 0;       ///< index in Graph::nodes and Network::nodes
  ValueId weight = kNoValue;  ///< its weight's value, if that is a parameter
  ValueId bias = kNoValue;
};

/// The layers in the order of execution.
std::vector<Layer> layers(const Network& network);

}  // namespace mantissa
