#include <algorithm>

#include <onnx/onnx_pb.h>

#include "graph/describe.h"
#include "graph/onnx_proto.h"
#include "support/error.h"

namespace mantissa {
namespace {

Attributes::Value decode_attribute(const onnx::AttributeProto& attribute, ExternalData* external) {
  using Type = onnx::AttributeProto;
  switch (attribute.type()) {
    case Type::INT:
      return attribute.i();
    case Type::FLOAT:
      return attribute.f();
    case Type::STRING:
      return attribute.s();
    case Type::INTS:
      return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
    case Type::FLOATS:
      return std::vector<float>(attribute.floats().begin(), attribute.floats().end());
    case Type::STRINGS:
      return std::vector<std::string>(attribute.strings().begin(), attribute.strings().end());
    case Type::TENSOR:
      return decode_tensor(attribute.t(), external);
    default:
      return std::string("(not supported)");
  }
}

}  // namespace

NodeSpec decode_node(const onnx::NodeProto& node, int opset, ExternalData* external) {
  NodeSpec spec;
  spec.name = node.name();
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  spec.op_type = standard ? node.op_type() : node.domain() + "." + node.op_type();
  spec.opset = opset;
  spec.inputs.assign(node.input().begin(), node.input().end());
  spec.outputs.assign(node.output().begin(), node.output().end());
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    try {
      spec.attributes.set(attribute.name(), decode_attribute(attribute, external));
    } catch (const Error& error) {
      throw error.within("attribute " + in_quotes(attribute.name()))
          .within("node " + in_quotes(spec.name));
    }
  }
  return spec;
}

}  // namespace mantissa
