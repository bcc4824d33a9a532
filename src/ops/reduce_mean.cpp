#include <algorithm>
#include <string>
#include <vector>

#include "kernels/reduction.h"
#include "ops/preparation.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// Neighbouring axes that are all reduced or all kept, as one.
struct AxisGroup {
  std::int64_t extent = 1;
  bool reduced = false;
};

/// The mean over some axes. Summed and divided in binary64, rounded once; reduced groups of
/// neighbouring axes are summed from the last to the first.
class ReduceMean final : public Operator {
 public:
  ReduceMean(const Shape& x, const std::vector<bool>& reduced, Shape y)
      : elements_(x.elements()), count_(x.elements() / y.elements()) {
    for (std::size_t axis = 0; axis < x.rank(); ++axis) {
      if (groups_.empty() || groups_.back().reduced != reduced[axis]) {
        groups_.push_back({1, reduced[axis]});
      }
      groups_.back().extent *= x[axis];
    }
    output_shapes_ = {std::move(y)};
  }

  void forward(const ForwardArguments& arguments) const override {
    const Tensor& x = *arguments.inputs[0];
    std::vector<double> sums;
    if (groups_.empty()) sums.push_back(static_cast<double>(x.data()[0]));  // a scalar
    std::int64_t outer = elements_;
    std::int64_t inner = 1;
    for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
      outer /= group->extent;
      if (!group->reduced) {
        inner *= group->extent;
        continue;
      }
      std::vector<double> next(static_cast<std::size_t>(outer * inner));
      if (sums.empty()) {
        axis_sums(x.data(), outer, group->extent, inner, next.data());
      } else {
        axis_sums(sums.data(), outer, group->extent, inner, next.data());
      }
      sums = std::move(next);
    }
    std::transform(sums.begin(), sums.end(), arguments.outputs[0]->data(), [this](double sum) {
      return static_cast<float>(sum / static_cast<double>(count_));
    });
  }

  /// Each element gets grad_y / count of its mean.
  void backward(const BackwardArguments& arguments) const override {
    const float* grad_y = arguments.grad_outputs[0]->data();
    spread(0, 0, grad_y, arguments.grad_inputs[0]->data(), elements_);
  }

  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = elements_;
    work.output_elements = output_shapes_[0].elements();
    work.elementwise_forward =
        elements_;  // count - 1 adds and a multiplication by 1/count for each mean
    work.elementwise_backward = work.output_elements;
    return work;
  }

 private:
  /// Writes the gradient of the `size` elements below one index of the first `level` groups; `at`
  /// is that index in y.
  void spread(std::size_t level, std::int64_t at, const float* grad_y, float* grad_x,
              std::int64_t size) const {
    if (level == groups_.size()) {  // a scalar
      *grad_x = grad_y[at];
      return;
    }
    const AxisGroup& group = groups_[level];
    if (level + 1 == groups_.size()) {
      const auto count = static_cast<float>(count_);
      if (group.reduced) {
        std::fill_n(grad_x, group.extent, grad_y[at] / count);
        return;
      }
      const float* from = grad_y + at * group.extent;
      for (std::int64_t i = 0; i < group.extent; ++i) grad_x[i] = from[i] / count;
      return;
    }
    const std::int64_t below = size / group.extent;
    if (group.reduced) {
      spread(level + 1, at, grad_y, grad_x, below);
      for (std::int64_t i = 1; i < group.extent; ++i) {
        std::copy_n(grad_x, below, grad_x + i * below);
      }
      return;
    }
    for (std::int64_t i = 0; i < group.extent; ++i) {
      spread(level + 1, at * group.extent + i, grad_y, grad_x + i * below, below);
    }
  }

  std::int64_t elements_;
  std::int64_t count_;
  std::vector<AxisGroup> groups_;
};

std::unique_ptr<Operator> make_reduce_mean(const NodeSpec& node,
                                           std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const Shape& x = inputs[0].shape;
  if (x.elements() < 1) throw Error("", "the input's shape " + x.text() + " holds no elements");
  const std::vector<std::int64_t> axes = node.attributes.integers("axes", {});
  std::vector<bool> reduced(x.rank(), axes.empty());
  for (const std::size_t axis : normalized_axes(axes, x.rank())) reduced[axis] = true;
  const bool keep = node.attributes.integer("keepdims", 1) != 0;
  std::vector<std::int64_t> extents;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    if (!reduced[axis]) {
      extents.push_back(x[axis]);
    } else if (keep) {
      extents.push_back(1);
    }
  }
  return std::make_unique<ReduceMean>(x, reduced, Shape(std::move(extents)));
}

const Registration<OperatorDefinition> kRegistration({"ReduceMean", 1, 17, make_reduce_mean});

}  // namespace
}  // namespace mantissa
