#include <algorithm>
#include <vector>

#include "kernels/reduction.h"
#include "ops/preparation.h"
#include "support/error.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

/// The mean of each channel of each image: [batch, channels, height, width] -> [batch, channels, 1,
/// 1], for any number of spatial axes. Summed and divided in binary64, rounded once.
class GlobalAveragePool final : public Operator {
 public:
  explicit GlobalAveragePool(const Shape& x)
      : planes_(x[0] * x[1]), pixels_(x.elements(2, x.rank())) {
    Shape y = x;
    for (std::size_t axis = 2; axis < y.rank(); ++axis) y[axis] = 1;
    output_shapes_ = {y};
  }

  void forward(const ForwardArguments& arguments) const override {
    std::vector<double> sums(static_cast<std::size_t>(planes_));
    axis_sums(arguments.inputs[0]->data(), planes_, pixels_, 1, sums.data());
    std::transform(sums.begin(), sums.end(), arguments.outputs[0]->data(), [this](double sum) {
      return static_cast<float>(sum / static_cast<double>(pixels_));
    });
  }

  void backward(const BackwardArguments& arguments) const override {
    const float* grad_y = arguments.grad_outputs[0]->data();
    float* grad_x = arguments.grad_inputs[0]->data();
    const auto pixels = static_cast<float>(pixels_);
    parallel_for(planes_, std::max<std::int64_t>(1, 16384 / pixels_),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t plane = begin; plane < end; ++plane) {
                     std::fill_n(grad_x + plane * pixels_, pixels_, grad_y[plane] / pixels);
                   }
                 });
  }

  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = planes_ * pixels_;
    work.output_elements = planes_;
    work.elementwise_forward =
        planes_ * pixels_;  // pixels - 1 adds, and a multiplication by 1/pixels
    work.elementwise_backward = planes_;
    return work;
  }

 private:
  std::int64_t planes_;
  std::int64_t pixels_;
};

std::unique_ptr<Operator> make_global_average_pool(const NodeSpec& /*node*/,
                                                   std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const Shape& x = inputs[0].shape;
  if (x.rank() < 3 || x.elements() < 1) {
    throw Error("", "the input's shape is " + x.text(),
                "[batch, channels, spatial axes ...] with elements is needed");
  }
  return std::make_unique<GlobalAveragePool>(x);
}

const Registration<OperatorDefinition> kRegistration({"GlobalAveragePool", 1, 17,
                                                      make_global_average_pool});

}  // namespace
}  // namespace mantissa
