#include "ops/softmax_rows.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_log_softmax(const NodeSpec& node,
                                           std::span<const InputSpec> inputs) {
  return make_softmax_rows(node, inputs,
                           {.value = log_softmax,
                            .gradient = log_softmax_gradient,
                            .elementwise_forward = 4,
                            .special_forward = 1,
                            .elementwise_backward = 3,
                            .special_backward = 1});
}

const Registration<OperatorDefinition> kRegistration({"LogSoftmax", 1, 17, make_log_softmax});

}  // namespace
}  // namespace mantissa
