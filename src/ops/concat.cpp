#include <string>

#include "kernels/movement.h"
#include "ops/preparation.h"
#include "support/error.h"

namespace mantissa {
namespace {

class Concat final : public Operator {
 public:
  Concat(std::span<const InputSpec> inputs, std::size_t axis) {
    Shape shape = inputs[0].shape;
    shape[axis] = 0;
    for (const InputSpec& input : inputs) {
      shape[axis] += input.shape[axis];
      row_lengths_.push_back(input.shape.elements(axis, shape.rank()));
      constants_.push_back(constant_tensor(input));
    }
    rows_ = shape.elements(0, axis);
    output_row_ = shape.elements(axis, shape.rank());
    output_shapes_ = {shape};
  }

  void forward(const ForwardArguments& arguments) const override {
    float* to = arguments.outputs[0]->data();
    for (std::size_t i = 0; i < row_lengths_.size(); ++i) {
      const Tensor* given = arguments.inputs[i];
      const Tensor& from = given != nullptr ? *given : *constants_[i];
      copy_rows(from.data(), row_lengths_[i], to, output_row_, row_lengths_[i], rows_);
      to += row_lengths_[i];
    }
  }

  void backward(const BackwardArguments& arguments) const override {
    const float* from = arguments.grad_outputs[0]->data();
    for (std::size_t i = 0; i < row_lengths_.size(); ++i) {
      Tensor* to = arguments.grad_inputs[i];
      if (to != nullptr) {
        copy_rows(from, output_row_, to->data(), row_lengths_[i], row_lengths_[i], rows_);
      }
      from += row_lengths_[i];
    }
  }

  bool differentiable(std::size_t index) const override {
    return index < constants_.size() && constants_[index] == nullptr;
  }

  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = work.output_elements = output_shapes_[0].elements();
    return work;
  }

 private:
  std::int64_t rows_ = 1;        ///< product of the extents before the axis
  std::int64_t output_row_ = 1;  ///< elements from one such row to the next
  std::vector<std::int64_t> row_lengths_;
  std::vector<std::shared_ptr<const Tensor>> constants_;
};

std::unique_ptr<Operator> make_concat(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, std::max<std::size_t>(1, inputs.size()), inputs.size());
  if (!node.attributes.has("axis")) throw Error("", "attribute 'axis' is missing");
  const Shape& first = inputs[0].shape;
  const std::size_t axis = normalized_axis(node.attributes.integer("axis", 0), first.rank());
  for (const InputSpec& input : inputs) {
    Shape expected = first;
    if (input.shape.rank() == first.rank()) expected[axis] = input.shape[axis];
    if (input.shape != expected) {
      throw Error("", "shapes " + first.text() + " and " + input.shape.text() +
                          " differ on another axis than " + std::to_string(axis));
    }
  }
  return std::make_unique<Concat>(inputs, axis);
}

const Registration<OperatorDefinition> kRegistration({"Concat", 4, 17, make_concat});

}  // namespace
}  // namespace mantissa
