#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_reciprocal(const NodeSpec& /*node*/,
                                          std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(inputs,
                    pointwise([](float x) { return 1 / x; },
                              [](float, float y, float grad_y) { return -grad_y * (y * y); },
                              {.special_forward = 1, .elementwise_backward = 3}));
}

const Registration<OperatorDefinition> kRegistration({"Reciprocal", 6, 17, make_reciprocal});

}  // namespace
}  // namespace mantissa
