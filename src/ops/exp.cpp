#include "kernels/elementwise.h"
#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_exp(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(
      inputs, with_kernel(exponential, [](float, float y, float grad_y) { return grad_y * y; },
                          {.special_forward = 1, .elementwise_backward = 1}));
}

const Registration<OperatorDefinition> kRegistration({"Exp", 6, 17, make_exp});

}  // namespace
}  // namespace mantissa
