#include "graph/describe.h"

namespace mantissa {

std::string in_quotes(std::string_view name) {
  std::string text = "'";
  text.append(name).append("'");
  return text;
}

std::string description(const NodeSpec& node) {
  std::string text = "node " + in_quotes(node.name);
  text.append(" (").append(node.op_type).append(", opset ");
  return text.append(std::to_string(node.opset)).append(")");
}

}  // namespace mantissa
