#include <algorithm>

#include "kernels/movement.h"
#include "ops/preparation.h"
#include "support/error.h"

namespace mantissa {
namespace {

class Transpose final : public Operator {
 public:
  Transpose(const Shape& input, std::vector<std::size_t> permutation)
      : permutation_(std::move(permutation)), inverse_(permutation_.size()) {
    std::vector<std::int64_t> extents;
    for (std::size_t axis = 0; axis < permutation_.size(); ++axis) {
      extents.push_back(input[permutation_[axis]]);
      inverse_[permutation_[axis]] = axis;
    }
    output_shapes_ = {Shape(std::move(extents))};
  }

  void forward(const ForwardArguments& arguments) const override {
    transpose(*arguments.inputs[0], permutation_, *arguments.outputs[0]);
  }
  void backward(const BackwardArguments& arguments) const override {
    transpose(*arguments.grad_outputs[0], inverse_, *arguments.grad_inputs[0]);
  }
  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = work.output_elements = output_shapes_[0].elements();
    return work;
  }

 private:
  std::vector<std::size_t> permutation_;
  std::vector<std::size_t> inverse_;
};

std::unique_ptr<Operator> make_transpose(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const Shape& shape = inputs[0].shape;
  std::vector<std::int64_t> reversed(shape.rank());
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    reversed[axis] = static_cast<std::int64_t>(shape.rank() - 1 - axis);
  }
  const std::vector<std::int64_t> perm = node.attributes.integers("perm", reversed);
  if (!std::is_permutation(perm.begin(), perm.end(), reversed.begin(), reversed.end())) {
    throw Error("", "perm " + Shape(perm).text() + " does not permute the axes of " + shape.text());
  }
  return std::make_unique<Transpose>(shape, std::vector<std::size_t>(perm.begin(), perm.end()));
}

const Registration<OperatorDefinition> kRegistration({"Transpose", 1, 17, make_transpose});

}  // namespace
}  // namespace mantissa
