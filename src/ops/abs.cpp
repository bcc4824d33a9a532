#include <cmath>

#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

/// The derivative at 0 is 0.
std::unique_ptr<Operator> make_abs(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(inputs, pointwise([](float x) { return std::fabs(x); },
                                      [](float x, float, float grad_y) {
                                        return x < 0 ? -grad_y : (x > 0 ? grad_y : 0.0F);
                                      },
                                      {.elementwise_forward = 1, .elementwise_backward = 1}));
}

const Registration<OperatorDefinition> kRegistration({"Abs", 6, 17, make_abs});

}  // namespace
}  // namespace mantissa
