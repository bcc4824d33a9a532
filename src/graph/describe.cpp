#include "graph/describe.h"

#include "support/error.h"

namespace mantissa {
namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 36;

}  // namespace

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

void require_plausible(const Shape& shape, const std::string& where, const std::string& what) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape.extents()) {
    if (extent < 1) throw Error(where, what + " " + shape.text() + " is empty");
    if (extent > kMaxElements / elements) {
      throw Error(where, what + " " + shape.text() + " is absurdly large");
    }
    elements *= extent;
  }
}

}  // namespace mantissa
