#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "ops/operator.h"

namespace onnx {
class NodeProto;
class TensorProto;
}  // namespace onnx

namespace mantissa {

/// Files with tensors beside the model. Only files inside of the model's folder are read, symbolic
/// links resolved.
class ExternalData {
 public:
  explicit ExternalData(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// `length` bytes from `offset` of the file `location`; up to its end if `length` is negative.
  /// Throws Error.
  std::string_view bytes(const std::string& location, std::int64_t offset, std::int64_t length);

  const std::map<std::string, std::string>& files() const { return files_; }

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string> files_;  ///< location -> content of those read so far
};

/// The elements of a tensor: floating types become binary32 (double rounded to nearest), integers
/// and booleans int64. `external` is nullptr where external data is not allowed. Throws Error.
Constant decode_tensor(const onnx::TensorProto& tensor, ExternalData* external);

/// Operator, names and attributes; `opset` of the node's domain. Attributes that hold graphs or
/// types are kept as a text, so that an operator that looks for one refuses it.
NodeSpec decode_node(const onnx::NodeProto& node, int opset, ExternalData* external);

}  // namespace mantissa
