#include "ops/pooling_geometry.h"

namespace mantissa {
namespace {

/// The mean of each window; padding counts as zeros with `count_include_pad`, and not at all
/// without.
class AveragePool final : public Operator {
 public:
  AveragePool(const PoolingGeometry& geometry, bool count_padding)
      : shape_(geometry.shape), count_padding_(count_padding) {
    output_shapes_ = {geometry.output_shape};
  }

  void forward(const ForwardArguments& arguments) const override {
    average_pool_forward(shape_, count_padding_, arguments.inputs[0]->data(),
                         arguments.outputs[0]->data());
  }

  void backward(const BackwardArguments& arguments) const override {
    average_pool_backward(shape_, count_padding_, arguments.grad_outputs[0]->data(),
                          arguments.grad_inputs[0]->data());
  }

  /// The divisor is fixed, so a division is a multiplication by its reciprocal.
  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = shape_.in_elements();
    work.output_elements = shape_.out_elements();
    work.elementwise_forward = shape_.out_elements() * shape_.taps();
    work.elementwise_backward = shape_.out_elements() * (1 + shape_.taps());
    return work;
  }

 private:
  PoolingShape shape_;
  bool count_padding_;
};

std::unique_ptr<Operator> make_average_pool(const NodeSpec& node,
                                            std::span<const InputSpec> inputs) {
  return std::make_unique<AveragePool>(pooling_geometry(node, inputs),
                                       node.attributes.integer("count_include_pad", 0) != 0);
}

const Registration<OperatorDefinition> kRegistration({"AveragePool", 1, 17, make_average_pool});

}  // namespace
}  // namespace mantissa
