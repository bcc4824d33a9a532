#include "ops/preparation.h"
#include "ops/unary.h"

namespace mantissa {
namespace {

/// The derivative at 0 is alpha.
std::unique_ptr<Operator> make_leaky_relu(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const float alpha = node.attributes.real("alpha", 0.01F);
  return make_unary(inputs, pointwise([alpha](float x) { return x * (x < 0 ? alpha : 1.0F); },
                                      [alpha](float x, float, float grad_y) {
                                        return grad_y * (x > 0 ? 1.0F : alpha);
                                      },
                                      {.elementwise_forward = 2, .elementwise_backward = 2}));
}

const Registration<OperatorDefinition> kRegistration({"LeakyRelu", 6, 17, make_leaky_relu});

}  // namespace
}  // namespace mantissa
