#include <algorithm>
#include <string>

#include "ops/index_map.h"
#include "ops/preparation.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// One entry for each axis that is cut.
struct Cuts {
  std::vector<std::int64_t> starts;
  std::vector<std::int64_t> ends;
  std::vector<std::int64_t> axes;
  std::vector<std::int64_t> steps;
};

/// Attributes before opset 10, inputs since.
Cuts cuts_of(const NodeSpec& node, std::span<const InputSpec> inputs) {
  Cuts cuts;
  std::optional<std::vector<std::int64_t>> axes;
  std::optional<std::vector<std::int64_t>> steps;
  if (node.opset < 10) {
    require_inputs(inputs, 1, 1);
    cuts.starts = node.attributes.integers("starts", {});
    cuts.ends = node.attributes.integers("ends", {});
    if (node.attributes.has("axes")) axes = node.attributes.integers("axes", {});
  } else {
    require_inputs(inputs, 3, 5);
    cuts.starts = *constant_integers(inputs, 1, "starts");
    cuts.ends = *constant_integers(inputs, 2, "ends");
    axes = constant_integers(inputs, 3, "axes");
    steps = constant_integers(inputs, 4, "steps");
  }
  const std::size_t count = cuts.starts.size();
  cuts.steps = steps.value_or(std::vector<std::int64_t>(count, 1));
  if (axes) {
    cuts.axes = *axes;
  } else {
    for (std::size_t axis = 0; axis < count; ++axis) {
      cuts.axes.push_back(static_cast<std::int64_t>(axis));
    }
  }
  if (cuts.ends.size() != count || cuts.axes.size() != count || cuts.steps.size() != count) {
    throw Error("", "starts " + Shape(cuts.starts).text() + ", ends " + Shape(cuts.ends).text() +
                        ", axes " + Shape(cuts.axes).text() + " and steps " +
                        Shape(cuts.steps).text() + " differ in length");
  }
  return cuts;
}

/// Positions start, start + step, ... before `end`, both counted from the end if negative and then
/// clamped to the axis.
std::vector<std::int64_t> positions(std::int64_t start, std::int64_t end, std::int64_t step,
                                    std::int64_t extent) {
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  std::vector<std::int64_t> result;
  if (step > 0) {
    start = std::clamp<std::int64_t>(start, 0, extent);
    end = std::clamp<std::int64_t>(end, 0, extent);
    for (std::int64_t i = start; i < end; i += std::min(step, extent)) result.push_back(i);
  } else {
    start = std::clamp<std::int64_t>(start, -1, extent - 1);
    end = std::clamp<std::int64_t>(end, -1, extent - 1);
    for (std::int64_t i = start; i > end; i += std::max(step, -extent)) result.push_back(i);
  }
  return result;
}

std::unique_ptr<Operator> make_slice(const NodeSpec& node, std::span<const InputSpec> inputs) {
  const Cuts cuts = cuts_of(node, inputs);
  const Shape& shape = inputs[0].shape;
  normalized_axes(cuts.axes, shape.rank());  // refuses axes that do not exist or occur twice
  AxisMaps maps;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    maps.push_back(positions(0, shape[axis], 1, shape[axis]));
  }
  for (std::size_t i = 0; i < cuts.axes.size(); ++i) {
    const std::size_t axis = normalized_axis(cuts.axes[i], shape.rank());
    if (cuts.steps[i] == 0) throw Error("", "step 0 on axis " + std::to_string(axis));
    maps[axis] = positions(cuts.starts[i], cuts.ends[i], cuts.steps[i], shape[axis]);
  }
  return make_index_map(inputs, std::move(maps));
}

const Registration<OperatorDefinition> kRegistration({"Slice", 1, 17, make_slice});

}  // namespace
}  // namespace mantissa
