#include "kernels/elementwise.h"
#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_sigmoid(const NodeSpec& /*node*/,
                                       std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(
      inputs,
      with_kernel(logistic, [](float, float y, float grad_y) { return grad_y * (y * (1 - y)); },
                  {.elementwise_forward = 1, .special_forward = 2, .elementwise_backward = 3}));
}

const Registration<OperatorDefinition> kRegistration({"Sigmoid", 6, 17, make_sigmoid});

}  // namespace
}  // namespace mantissa
