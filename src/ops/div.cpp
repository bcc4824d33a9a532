#include <functional>

#include "kernels/broadcast.h"
#include "ops/binary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_div(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  return make_binary(
      inputs, {.value = [](const Tensor& a, const Tensor& b,
                           Tensor& y) { apply_broadcast(a, b, y, std::divides<float>()); },
               .gradient_a =
                   [](const BinaryGradient& g, Tensor& terms) {
                     apply_broadcast(g.grad_y, g.b, terms, std::divides<float>());
                   },
               .gradient_b =
                   [](const BinaryGradient& g, Tensor& terms) {
                     apply_broadcast(g.grad_y, g.b, terms, std::divides<float>());
                     apply_broadcast(terms, g.y, terms,
                                     [](float quotient, float y) { return -quotient * y; });
                   },
               .cost = {.special_forward = 1, .elementwise_backward = 2, .special_backward = 1}});
}

const Registration<OperatorDefinition> kRegistration({"Div", 7, 17, make_div});

}  // namespace
}  // namespace mantissa
