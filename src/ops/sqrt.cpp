#include "kernels/elementwise.h"
#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_sqrt(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_unary(
      inputs,
      with_kernel(square_root, [](float, float y, float grad_y) { return grad_y / (y + y); },
                  {.special_forward = 1, .elementwise_backward = 1, .special_backward = 1}));
}

const Registration<OperatorDefinition> kRegistration({"Sqrt", 6, 17, make_sqrt});

}  // namespace
}  // namespace mantissa
