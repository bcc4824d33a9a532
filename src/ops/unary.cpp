#include "ops/unary.h"

#include <utility>

#include "kernels/elementwise.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

class UnaryOperator final : public Operator {
 public:
  UnaryOperator(const Shape& shape, UnaryFunction function) : function_(std::move(function)) {
    output_shapes_ = {shape};
  }

  void forward(const ForwardArguments& arguments) const override {
    const float* x = arguments.inputs[0]->data();
    float* y = arguments.outputs[0]->data();
    parallel_for(elements(), kElementwiseGrain, [&](std::int64_t begin, std::int64_t end) {
      function_.value(x + begin, y + begin, end - begin);
    });
  }

  void backward(const BackwardArguments& arguments) const override {
    const float* x = arguments.inputs[0]->data();
    const float* y = arguments.outputs[0]->data();
    const float* grad_y = arguments.grad_outputs[0]->data();
    float* grad_x = arguments.grad_inputs[0]->data();
    parallel_for(elements(), kElementwiseGrain, [&](std::int64_t begin, std::int64_t end) {
      function_.gradient(x + begin, y + begin, grad_y + begin, grad_x + begin, end - begin);
    });
  }

  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = elements();
    work.output_elements = elements();
    work.elementwise_forward = function_.cost.elementwise_forward * elements();
    work.special_forward = function_.cost.special_forward * elements();
    work.elementwise_backward = function_.cost.elementwise_backward * elements();
    work.special_backward = function_.cost.special_backward * elements();
    return work;
  }

 private:
  std::int64_t elements() const { return output_shapes_[0].elements(); }

  UnaryFunction function_;
};

}  // namespace

std::unique_ptr<Operator> make_unary(std::span<const InputSpec> inputs, UnaryFunction function) {
  return std::make_unique<UnaryOperator>(inputs[0].shape, std::move(function));
}

}  // namespace mantissa
