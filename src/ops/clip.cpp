#include <limits>
#include <string>

#include "ops/preparation.h"
#include "ops/unary.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

struct Bounds {
  float lowest = std::numeric_limits<float>::lowest();
  float highest = std::numeric_limits<float>::max();
};

/// Attributes before opset 11, inputs since.
Bounds bounds_of(const NodeSpec& node, std::span<const InputSpec> inputs) {
  const Bounds open;
  Bounds bounds;
  if (node.opset < 11) {
    require_inputs(inputs, 1, 1);
    bounds = {node.attributes.real("min", open.lowest), node.attributes.real("max", open.highest)};
  } else {
    require_inputs(inputs, 1, 3);
    bounds = {constant_real(inputs, 1, "min").value_or(open.lowest),
              constant_real(inputs, 2, "max").value_or(open.highest)};
  }
  if (!(bounds.lowest <= bounds.highest)) {
    throw Error("", "min is " + shortest_decimal(double{bounds.lowest}) + " and max is " +
                        shortest_decimal(double{bounds.highest}) + ": nothing lies between");
  }
  return bounds;
}

/// NaN stays NaN. The derivative is 0 at both bounds, as that of Relu at 0.
std::unique_ptr<Operator> make_clip(const NodeSpec& node, std::span<const InputSpec> inputs) {
  const Bounds bounds = bounds_of(node, inputs);
  const auto value = [bounds](float x) {
    const float raised = x < bounds.lowest ? bounds.lowest : x;
    return raised > bounds.highest ? bounds.highest : raised;
  };
  const auto gradient = [bounds](float x, float, float grad_y) {
    const float above = x <= bounds.lowest ? 0.0F : grad_y;
    return x >= bounds.highest ? 0.0F : above;
  };
  return make_unary(
      inputs, pointwise(value, gradient, {.elementwise_forward = 2, .elementwise_backward = 2}));
}

const Registration<OperatorDefinition> kRegistration({"Clip", 6, 17, make_clip});

}  // namespace
}  // namespace mantissa
