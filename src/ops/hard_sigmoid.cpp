#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

/// max(0, min(1, alpha x + beta)); NaN stays NaN. The derivative is 0 at both corners.
std::unique_ptr<Operator> make_hard_sigmoid(const NodeSpec& node,
                                            std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const float alpha = node.attributes.real("alpha", 0.2F);
  const float beta = node.attributes.real("beta", 0.5F);
  const auto value = [=](float x) {
    const float line = alpha * x + beta;
    const float raised = line < 0 ? 0.0F : line;
    return raised > 1 ? 1.0F : raised;
  };
  const auto gradient = [=](float x, float, float grad_y) {
    const float line = alpha * x + beta;
    const float above = line <= 0 ? 0.0F : grad_y;
    return alpha * (line >= 1 ? 0.0F : above);
  };
  return make_unary(
      inputs, pointwise(value, gradient, {.elementwise_forward = 4, .elementwise_backward = 5}));
}

const Registration<OperatorDefinition> kRegistration({"HardSigmoid", 6, 17, make_hard_sigmoid});

}  // namespace
}  // namespace mantissa
