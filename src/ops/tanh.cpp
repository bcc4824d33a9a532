#include "kernels/elementwise.h"
#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_tanh(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(
      inputs,
      with_kernel(hyperbolic_tangent,
                  [](float, float y, float grad_y) { return grad_y * (1 - y * y); },
                  {.elementwise_forward = 2, .special_forward = 2, .elementwise_backward = 3}));
}

const Registration<OperatorDefinition> kRegistration({"Tanh", 6, 17, make_tanh});

}  // namespace
}  // namespace mantissa
