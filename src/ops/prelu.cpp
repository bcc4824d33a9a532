#include "kernels/broadcast.h"
#include "ops/binary.h"
#include "ops/preparation.h"
#include "support/error.h"

namespace mantissa {
namespace {

void times_gradient(const BinaryGradient& g, Tensor& factors) {
  apply_broadcast(factors, g.grad_y, factors,
                  [](float factor, float grad_y) { return factor * grad_y; });
}

/// y = x where x > 0, else slope x; the slope (often one number a channel) is trained. The
/// derivative by x at 0 is the slope.
std::unique_ptr<Operator> make_prelu(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 2, 2);
  if (broadcast_shape(inputs[0].shape, inputs[1].shape) != inputs[0].shape) {
    throw Error("", "slope of shape " + inputs[1].shape.text() + " is larger than input " +
                        inputs[0].shape.text());
  }
  const auto value = [](const Tensor& x, const Tensor& slope, Tensor& y) {
    apply_broadcast(x, slope, y, [](float a, float b) { return a > 0 ? a : b * a; });
  };
  const auto by_x = [](const BinaryGradient& g, Tensor& terms) {
    apply_broadcast(g.a, g.b, terms, [](float x, float slope) { return x > 0 ? 1.0F : slope; });
    times_gradient(g, terms);
  };
  const auto by_slope = [](const BinaryGradient& g, Tensor& terms) {
    apply_broadcast(g.a, g.a, terms, [](float x, float) { return x > 0 ? 0.0F : x; });
    times_gradient(g, terms);
  };
  return make_binary(inputs, {.value = value,
                              .gradient_a = by_x,
                              .gradient_b = by_slope,
                              .cost = {.elementwise_forward = 2, .elementwise_backward = 4}});
}

const Registration<OperatorDefinition> kRegistration({"PRelu", 7, 17, make_prelu});

}  // namespace
}  // namespace mantissa
