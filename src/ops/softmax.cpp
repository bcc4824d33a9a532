#include "ops/softmax_rows.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_softmax(const NodeSpec& node, std::span<const InputSpec> inputs) {
  return make_softmax_rows(node, inputs,
                           {.value = softmax,
                            .gradient = softmax_gradient,
                            .elementwise_forward = 3,
                            .special_forward = 2,
                            .elementwise_backward = 4,
                            .special_backward = 0});
}

const Registration<OperatorDefinition> kRegistration({"Softmax", 1, 17, make_softmax});

}  // namespace
}  // namespace mantissa
