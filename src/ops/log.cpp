#include "kernels/elementwise.h"
#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_log(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(inputs, with_kernel(natural_logarithm,
                                        [](float x, float, float grad_y) { return grad_y / x; },
                                        {.special_forward = 1, .special_backward = 1}));
}

const Registration<OperatorDefinition> kRegistration({"Log", 6, 17, make_log});

}  // namespace
}  // namespace mantissa
