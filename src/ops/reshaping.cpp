#include "ops/reshaping.h"

#include <string>

#include "kernels/movement.h"
#include "support/error.h"

namespace mantissa {
namespace {

class ReshapingOperator final : public Operator {
 public:
  explicit ReshapingOperator(const Shape& shape) { output_shapes_ = {shape}; }

  void forward(const ForwardArguments& arguments) const override {
    copy_elements(*arguments.inputs[0], *arguments.outputs[0]);
  }
  void backward(const BackwardArguments& arguments) const override {
    copy_elements(*arguments.grad_outputs[0], *arguments.grad_inputs[0]);
  }
  OperatorWork work() const override { return {}; }
};

}  // namespace

std::unique_ptr<Operator> make_reshaping(std::span<const InputSpec> inputs, const Shape& shape) {
  const Shape& from = inputs[0].shape;
  if (from.elements() != shape.elements()) {
    throw Error("", "input of shape " + from.text() + " has " + std::to_string(from.elements()) +
                        " elements, target shape " + shape.text() + " has " +
                        std::to_string(shape.elements()));
  }
  return std::make_unique<ReshapingOperator>(shape);
}

}  // namespace mantissa
