#include "ops/pooling_geometry.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// The largest element of each window. Training saves which tap of the kernel won.
class MaxPool final : public Operator {
 public:
  MaxPool(const PoolingGeometry& geometry, std::size_t outputs) : shape_(geometry.shape) {
    output_shapes_.assign(outputs, geometry.output_shape);
  }

  void forward(const ForwardArguments& arguments) const override {
    float* winners = nullptr;
    arguments.saved.resize(arguments.mode == ExecutionMode::training ? 1 : 0);
    if (!arguments.saved.empty()) {
      arguments.saved[0].resize(output_shapes_[0]);  // the storage of the step before
      winners = arguments.saved[0].data();
    }
    max_pool_forward(shape_, arguments.inputs[0]->data(), arguments.outputs[0]->data(), winners);
  }

  void backward(const BackwardArguments& arguments) const override {
    const float* grad_y = arguments.grad_outputs[0]->data();
    float* grad_x = arguments.grad_inputs[0]->data();
    if (!arguments.saved.empty()) {
      max_pool_backward(shape_, grad_y, arguments.saved[0].data(), grad_x);
      return;
    }
    Tensor y(output_shapes_[0]);
    Tensor winners(output_shapes_[0]);
    max_pool_forward(shape_, arguments.inputs[0]->data(), y.data(), winners.data());
    max_pool_backward(shape_, grad_y, winners.data(), grad_x);
  }

  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = shape_.in_elements();
    work.output_elements = shape_.out_elements();
    work.elementwise_forward = shape_.out_elements() * (shape_.taps() - 1);
    work.elementwise_backward = shape_.out_elements();
    return work;
  }

 private:
  PoolingShape shape_;
};

std::unique_ptr<Operator> make_max_pool(const NodeSpec& node, std::span<const InputSpec> inputs) {
  if (node.outputs.size() > 1 && !node.outputs[1].empty()) {
    throw Error("", "the output Indices ('" + node.outputs[1] + "') is not supported");
  }
  return std::make_unique<MaxPool>(pooling_geometry(node, inputs), node.outputs.size());
}

const Registration<OperatorDefinition> kRegistration({"MaxPool", 1, 17, make_max_pool});

}  // namespace
}  // namespace mantissa
