#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_neg(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(inputs, pointwise([](float x) { return -x; },
                                      [](float, float, float grad_y) { return -grad_y; },
                                      {.elementwise_forward = 1, .elementwise_backward = 1}));
}

const Registration<OperatorDefinition> kRegistration({"Neg", 6, 17, make_neg});

}  // namespace
}  // namespace mantissa
