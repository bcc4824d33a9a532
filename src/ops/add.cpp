#include <functional>

#include "kernels/broadcast.h"
#include "kernels/movement.h"
#include "ops/binary.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_add(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  return make_binary(
      inputs,
      {.value = [](const Tensor& a, const Tensor& b,
                   Tensor& y) { apply_broadcast(a, b, y, std::plus<float>()); },
       .gradient_a = [](const BinaryGradient& g, Tensor& terms) { copy_elements(g.grad_y, terms); },
       .gradient_b = [](const BinaryGradient& g, Tensor& terms) { copy_elements(g.grad_y, terms); },
       .cost = {.elementwise_forward = 1}});
}

const Registration<OperatorDefinition> kRegistration({"Add", 7, 17, make_add});

}  // namespace
}  // namespace mantissa
