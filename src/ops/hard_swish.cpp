#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

/// x max(0, min(1, x/6 + 1/2)); NaN stays NaN. The derivative at -3 is 0, at 3 it is 1.
std::unique_ptr<Operator> make_hard_swish(const NodeSpec& /*node*/,
                                          std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(
      inputs, pointwise([](float x) { return x <= -3 ? 0.0F : (x >= 3 ? x : x * (x / 6 + 0.5F)); },
                        [](float x, float, float grad_y) {
                          return x <= -3 ? 0.0F : (x >= 3 ? grad_y : grad_y * (x / 3 + 0.5F));
                        },
                        {.elementwise_forward = 5, .elementwise_backward = 5}));
}

const Registration<OperatorDefinition> kRegistration({"HardSwish", 14, 17, make_hard_swish});

}  // namespace
}  // namespace mantissa
