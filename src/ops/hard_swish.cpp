#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

/// x max(0, min(1, x/6 + 1/2)). The derivative at -3 is 0, at 3 it is 1.
std::unique_ptr<Operator> make_hard_swish(const NodeSpec& /*node*/,
                                          std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const auto value = [](float x) {
    const float line = x * (1.0F / 6) + 0.5F;
    const float raised = line < 0 ? 0.0F : line;
    return x * (raised > 1 ? 1.0F : raised);
  };
  // x/3 + 1/2 inside; outside, the x for which that is 0 or 1.
  const auto gradient = [](float x, float, float grad_y) {
    const float raised = x <= -3 ? -1.5F : x;
    return grad_y * ((x >= 3 ? 1.5F : raised) * (1.0F / 3) + 0.5F);
  };
  return make_unary(
      inputs, pointwise(value, gradient, {.elementwise_forward = 5, .elementwise_backward = 5}));
}

const Registration<OperatorDefinition> kRegistration({"HardSwish", 14, 17, make_hard_swish});

}  // namespace
}  // namespace mantissa
