#include <algorithm>

#include "ops/preparation.h"
#include "ops/reshaping.h"
#include "support/error.h"

namespace mantissa {
namespace {

const std::vector<std::int64_t> kAll;

/// Removes the named axes, all of extent 1; without names, every axis of extent 1.
std::unique_ptr<Operator> make_squeeze(const NodeSpec& node, std::span<const InputSpec> inputs) {
  const std::vector<std::int64_t> named = axes_of(node, inputs).value_or(kAll);
  const Shape& shape = inputs[0].shape;
  const std::vector<std::size_t> axes = normalized_axes(named, shape.rank());
  std::vector<std::int64_t> extents;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const bool is_named = std::binary_search(axes.begin(), axes.end(), axis);
    if (is_named && shape[axis] != 1) {
      throw Error("",
                  "axis " + std::to_string(axis) + " of " + shape.text() + " is not of extent 1");
    }
    if (!is_named && !(axes.empty() && shape[axis] == 1)) extents.push_back(shape[axis]);
  }
  return make_reshaping(inputs, Shape(std::move(extents)));
}

const Registration<OperatorDefinition> kRegistration({"Squeeze", 1, 17, make_squeeze});

}  // namespace
}  // namespace mantissa
