#include "ops/index_map.h"

#include <utility>

namespace mantissa {
namespace {

class IndexMap final : public Operator {
 public:
  IndexMap(const Shape& input, AxisMaps maps, float fill)
      : maps_(std::move(maps)), fill_(fill), input_elements_(input.elements()) {
    std::vector<std::int64_t> extents;
    for (const auto& map : maps_) extents.push_back(static_cast<std::int64_t>(map.size()));
    output_shapes_ = {Shape(std::move(extents))};
  }

  void forward(const ForwardArguments& arguments) const override {
    gather_mapped(*arguments.inputs[0], maps_, fill_, *arguments.outputs[0]);
  }
  void backward(const BackwardArguments& arguments) const override {
    scatter_mapped(*arguments.grad_outputs[0], maps_, *arguments.grad_inputs[0]);
  }
  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = input_elements_;
    work.output_elements = output_shapes_[0].elements();
    return work;
  }

 private:
  AxisMaps maps_;
  float fill_;
  std::int64_t input_elements_;
};

}  // namespace

std::unique_ptr<Operator> make_index_map(std::span<const InputSpec> inputs, AxisMaps maps,
                                         float fill) {
  return std::make_unique<IndexMap>(inputs[0].shape, std::move(maps), fill);
}

}  // namespace mantissa
