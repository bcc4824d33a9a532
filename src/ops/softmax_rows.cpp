#include "ops/softmax_rows.h"

#include "ops/preparation.h"
#include "support/error.h"

namespace mantissa {
namespace {

class SoftmaxRows final : public Operator {
 public:
  SoftmaxRows(const Shape& shape, const SoftmaxShape& rows, const SoftmaxFunction& function)
      : rows_(rows), function_(function) {
    output_shapes_ = {shape};
  }

  void forward(const ForwardArguments& arguments) const override {
    function_.value(rows_, arguments.inputs[0]->data(), arguments.outputs[0]->data());
  }
  void backward(const BackwardArguments& arguments) const override {
    function_.gradient(rows_, arguments.outputs[0]->data(), arguments.grad_outputs[0]->data(),
                       arguments.grad_inputs[0]->data());
  }
  OperatorWork work() const override {
    OperatorWork work;
    const std::int64_t elements = rows_.elements();
    work.input_elements = work.output_elements = elements;
    work.elementwise_forward = function_.elementwise_forward * elements;
    work.special_forward = function_.special_forward * elements;
    work.elementwise_backward = function_.elementwise_backward * elements;
    work.special_backward = function_.special_backward * elements;
    return work;
  }

 private:
  SoftmaxShape rows_;
  SoftmaxFunction function_;
};

}  // namespace

std::unique_ptr<Operator> make_softmax_rows(const NodeSpec& node, std::span<const InputSpec> inputs,
                                            const SoftmaxFunction& function) {
  require_inputs(inputs, 1, 1);
  const Shape& shape = inputs[0].shape;
  const std::int64_t given = node.attributes.integer("axis", node.opset < 13 ? 1 : -1);
  const std::size_t axis = normalized_axis(given, shape.rank());
  SoftmaxShape rows = {shape.elements(0, axis), shape.elements(axis, shape.rank()), 1};
  if (node.opset >= 13) {
    rows = {rows.outer, shape[axis], shape.elements(axis + 1, shape.rank())};
  }
  if (rows.extent == 0) throw Error("", "shape " + shape.text() + " has empty rows");
  return std::make_unique<SoftmaxRows>(shape, rows, function);
}

}  // namespace mantissa
