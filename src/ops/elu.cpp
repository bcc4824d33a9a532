#include "kernels/elementwise.h"
#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

/// x where x > 0, else alpha (e^x - 1). The derivative at 0 is alpha.
std::unique_ptr<Operator> make_elu(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const float alpha = node.attributes.real("alpha", 1);
  const auto gradient = [alpha](float x, float y, float grad_y) {
    return x > 0 ? grad_y : grad_y * (y + alpha);
  };
  UnaryFunction function =
      pointwise([](float x) { return x; }, gradient,
                {.elementwise_forward = 3, .special_forward = 1, .elementwise_backward = 3});
  function.value = [alpha](const float* x, float* y, std::int64_t count) {
    exponential(x, y, count);
    for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] > 0 ? x[i] : alpha * (y[i] - 1);
  };
  return make_unary(inputs, std::move(function));
}

const Registration<OperatorDefinition> kRegistration({"Elu", 6, 17, make_elu});

}  // namespace
}  // namespace mantissa
