#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ops/operator.h"

namespace mantissa {

/// Versions of ONNX's default operator set that are understood. From 9 to 17 by the standard's node
/// tests; 7 and 8 differ from 9 only in element types for the operators we have.
inline constexpr int kOldestOpset = 7;
inline constexpr int kNewestOpset = 17;

/// The type of a model's input or output.
struct ValueType {
  std::string name;
  int element_type = 0;  ///< TensorProto.DataType; 0 if the model says nothing
  bool has_shape = false;
  std::vector<std::int64_t> extents;  ///< 0 where the model leaves one open
};

/// An ONNX file taken out of protobuf: what it says, nothing concluded. Element types are reduced
/// to the two kinds of `Constant`.
struct OnnxModel {
  std::string name;
  std::string producer;
  int opset = 0;
  std::vector<NodeSpec>
      nodes;  ///< topological order, unique names; `domain.Operator` for operators of other domains
  std::vector<ValueType> inputs;  ///< initializers left out
  std::vector<ValueType> outputs;
  std::map<std::string, Constant> initializers;  ///< those that some node reads
  std::string sha256;
};

/// Reads and checks the structure: protobuf, versions, names, order, ONNX's own checker. Loads
/// external data. Throws Error with empty `where`.
OnnxModel read_onnx_model(std::string_view bytes, const std::filesystem::path& folder,
                          int oldest_opset = kOldestOpset);

/// A TensorProto by itself, as ONNX's test data has them (`input_0.pb`). Throws Error with empty
/// `where`.
Constant read_onnx_tensor(std::string_view bytes);

/// Whether input `index` of the operator is a setting (a bound, a ratio) that ONNX passes as a
/// tensor, and so never a parameter, whatever its element type. Integer inputs are settings always.
bool is_setting(std::string_view op_type, std::size_t index);

}  // namespace mantissa
