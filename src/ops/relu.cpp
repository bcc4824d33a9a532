#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

/// NaN stays NaN, so that a failure shows; the derivative at 0 is 0.
std::unique_ptr<Operator> make_relu(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(inputs,
                    pointwise([](float x) { return x <= 0 ? 0.0F : x; },
                              [](float x, float, float grad_y) { return x <= 0 ? 0.0F : grad_y; },
                              {.elementwise_forward = 1, .elementwise_backward = 1}));
}

const Registration<OperatorDefinition> kRegistration({"Relu", 6, 17, make_relu});

}  // namespace
}  // namespace mantissa
