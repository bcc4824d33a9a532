#include "ops/preparation.h"
#include "ops/reshaping.h"

namespace mantissa {
namespace {

std::unique_ptr<Operator> make_identity(const NodeSpec& /*node*/,
                                        std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  return make_reshaping(inputs, inputs[0].shape);
}

const Registration<OperatorDefinition> kRegistration({"Identity", 1, 17, make_identity});

}  // namespace
}  // namespace mantissa
