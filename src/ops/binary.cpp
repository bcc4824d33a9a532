#include "ops/binary.h"

#include <array>
#include <utility>

#include "kernels/broadcast.h"
#include "ops/preparation.h"

namespace mantissa {
namespace {

class BinaryOperator final : public Operator {
 public:
  BinaryOperator(std::span<const InputSpec> inputs, BinaryFunction function)
      : function_(std::move(function)) {
    for (std::size_t i = 0; i < 2; ++i) {
      input_shapes_[i] = inputs[i].shape;
      constants_[i] = constant_tensor(inputs[i]);
      parameters_[i] = inputs[i].parameter;
    }
    output_shapes_ = {broadcast_shape(input_shapes_[0], input_shapes_[1])};
  }

  void forward(const ForwardArguments& arguments) const override {
    function_.value(operand(arguments.inputs, 0), operand(arguments.inputs, 1),
                    *arguments.outputs[0]);
  }

  void backward(const BackwardArguments& arguments) const override {
    const BinaryGradient gradient = {operand(arguments.inputs, 0), operand(arguments.inputs, 1),
                                     *arguments.outputs[0], *arguments.grad_outputs[0]};
    write_gradient(function_.gradient_a, gradient, arguments.grad_inputs[0]);
    write_gradient(function_.gradient_b, gradient, arguments.grad_inputs[1]);
  }

  bool differentiable(std::size_t index) const override {
    return index < 2 && constants_[index] == nullptr;
  }

  OperatorWork work() const override {
    OperatorWork work;
    work.output_elements = output_shapes_[0].elements();
    work.elementwise_forward = function_.cost.elementwise_forward * work.output_elements;
    work.special_forward = function_.cost.special_forward * work.output_elements;
    work.elementwise_backward = function_.cost.elementwise_backward * work.output_elements;
    work.special_backward = function_.cost.special_backward * work.output_elements;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::int64_t elements = input_shapes_[i].elements();
      const bool fixed = parameters_[i] || constants_[i] != nullptr;
      (fixed ? work.weight_elements : work.input_elements) += elements;
      if (differentiable(i)) work.elementwise_backward += work.output_elements - elements;
    }
    return work;
  }

 private:
  const Tensor& operand(const TensorRefs& inputs, std::size_t index) const {
    return inputs[index] != nullptr ? *inputs[index] : *constants_[index];
  }

  void write_gradient(const std::function<void(const BinaryGradient&, Tensor&)>& terms_of,
                      const BinaryGradient& gradient, Tensor* result) const {
    if (result == nullptr) return;
    if (result->shape().elements() == output_shapes_[0].elements()) {
      terms_of(gradient, *result);
      return;
    }
    Tensor terms(output_shapes_[0]);
    terms_of(gradient, terms);
    sum_to_shape(terms, *result);
  }

  BinaryFunction function_;
  std::array<Shape, 2> input_shapes_;
  std::array<std::shared_ptr<const Tensor>, 2> constants_;
  std::array<bool, 2> parameters_ = {};
};

}  // namespace

std::unique_ptr<Operator> make_binary(std::span<const InputSpec> inputs, BinaryFunction function) {
  require_inputs(inputs, 2, 2);
  return std::make_unique<BinaryOperator>(inputs, std::move(function));
}

}  // namespace mantissa
