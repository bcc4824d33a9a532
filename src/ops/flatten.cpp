#include "ops/preparation.h"
#include "ops/reshaping.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// [axes before `axis`, axes from `axis` on], each as one extent. `axis` may equal the rank;
/// negative ones came with opset 11.
std::unique_ptr<Operator> make_flatten(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const Shape& shape = inputs[0].shape;
  const auto rank = static_cast<std::int64_t>(shape.rank());
  const std::int64_t axis = node.attributes.integer("axis", 1);
  if (axis > rank || axis < (node.opset < 11 ? 0 : -rank)) {
    throw Error(
        "", "axis " + std::to_string(axis) + " does not split an input of shape " + shape.text());
  }
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  return make_reshaping(inputs,
                        Shape{shape.elements(0, split), shape.elements(split, shape.rank())});
}

const Registration<OperatorDefinition> kRegistration({"Flatten", 1, 17, make_flatten});

}  // namespace
}  // namespace mantissa
