#include <functional>

#include "kernels/broadcast.h"
#include "ops/binary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_mul(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  return make_binary(
      inputs, {.value = [](const Tensor& a, const Tensor& b,
                           Tensor& y) { apply_broadcast(a, b, y, std::multiplies<float>()); },
               .gradient_a =
                   [](const BinaryGradient& g, Tensor& terms) {
                     apply_broadcast(g.grad_y, g.b, terms, std::multiplies<float>());
                   },
               .gradient_b =
                   [](const BinaryGradient& g, Tensor& terms) {
                     apply_broadcast(g.grad_y, g.a, terms, std::multiplies<float>());
                   },
               .cost = {.elementwise_forward = 1, .elementwise_backward = 2}});
}

const Registration<OperatorDefinition> kRegistration({"Mul", 7, 17, make_mul});

}  // namespace
}  // namespace mantissa
