#include <functional>

#include "kernels/broadcast.h"
#include "kernels/movement.h"
#include "ops/binary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_sub(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  return make_binary(
      inputs,
      {.value = [](const Tensor& a, const Tensor& b,
                   Tensor& y) { apply_broadcast(a, b, y, std::minus<float>()); },
       .gradient_a = [](const BinaryGradient& g, Tensor& terms) { copy_elements(g.grad_y, terms); },
       .gradient_b =
           [](const BinaryGradient& g, Tensor& terms) {
             apply_broadcast(g.grad_y, g.grad_y, terms,
                             [](float grad_y, float) { return -grad_y; });
           },
       .cost = {.elementwise_forward = 1, .elementwise_backward = 1}});
}

const Registration<OperatorDefinition> kRegistration({"Sub", 7, 17, make_sub});

}  // namespace
}  // namespace mantissa
