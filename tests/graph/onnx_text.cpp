#include "onnx_text.h"

#include <iostream>
#include <stdexcept>

#include <onnx/defs/parser.h>
#include <onnx/onnx_pb.h>

#include "support/error.h"
#include "support/random.h"

namespace mantissa {

std::string onnx_bytes(const std::string& text, const ModelEdit& edit) {
  onnx::ModelProto model;
  onnx::OnnxParser parser(text.c_str());
  const auto status = parser.Parse(model);
  if (!status.IsOK()) throw std::logic_error("test model: " + status.ErrorMessage());
  if (edit) edit(model);
  return model.SerializeAsString();
}

std::string onnx_bytes_of_graph(const std::string& graph, int opset, const ModelEdit& edit) {
  return onnx_bytes(
      "<ir_version: 8, opset_import: [\"\" : " + std::to_string(opset) + "]>\n" + graph, edit);
}

Graph import_graph(const std::string& graph, int opset, const ModelEdit& edit) {
  return parse_onnx(onnx_bytes_of_graph(graph, opset, edit), {}, "test.onnx");
}

void add_initializer(onnx::ModelProto& model, const std::string& name, const Shape& shape) {
  onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t extent : shape.extents()) tensor.add_dims(extent);
  RandomSequence random(RandomKey{}.child(name));
  for (std::int64_t index = 0; index < shape.elements(); ++index) {
    tensor.add_float_data(static_cast<float>(random.uniform() * 2 - 1));
  }
}

bool mentions(std::string_view text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    if (text.find(part) != std::string_view::npos) continue;
    std::cerr << "\"" << part << "\" is not in \"" << text << "\"\n";
    return false;
  }
  return true;
}

}  // namespace mantissa
