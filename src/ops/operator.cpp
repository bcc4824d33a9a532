#include "ops/operator.h"

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

std::string description(const NodeSpec& node) {
  return "node '" + node.name + "' (" + node.op_type + ", opset " + std::to_string(node.opset) +
         ")";
}

const OperatorDefinition& definition_of(const NodeSpec& node) {
  const Registry<OperatorDefinition>& registry = Registry<OperatorDefinition>::instance();
  const OperatorDefinition* definition = registry.find(node.op_type);
  if (definition == nullptr) {
    throw Error("", "this operator is not supported", did_you_mean(node.op_type, registry.names()));
  }
  if (node.opset < definition->oldest_opset || node.opset > definition->newest_opset) {
    throw Error("", "this operator is supported from opset " +
                        std::to_string(definition->oldest_opset) + " to " +
                        std::to_string(definition->newest_opset));
  }
  return *definition;
}

}  // namespace

void Operator::backward(const BackwardArguments& /*arguments*/) const {
  throw Error(description_, "this operator has no gradient");
}

std::unique_ptr<Operator> make_operator(const NodeSpec& node, std::span<const InputSpec> inputs) {
  try {
    std::unique_ptr<Operator> prepared = definition_of(node).make(node, inputs);
    if (node.outputs.size() > prepared->output_shapes_.size()) {
      throw Error("", std::to_string(node.outputs.size()) + " outputs where at most " +
                          std::to_string(prepared->output_shapes_.size()) + " are supported");
    }
    prepared->description_ = description(node);
    return prepared;
  } catch (const Error& error) {
    throw error.within(description(node));
  }
}

}  // namespace mantissa
