#include <algorithm>

#include "ops/preparation.h"
#include "ops/reshaping.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// Inserts axes of extent 1; `axes` counts in the output.
std::unique_ptr<Operator> make_unsqueeze(const NodeSpec& node, std::span<const InputSpec> inputs) {
  const std::optional<std::vector<std::int64_t>> named = axes_of(node, inputs);
  if (!named) throw Error("", "axes are missing");
  const Shape& shape = inputs[0].shape;
  const std::size_t rank = shape.rank() + named->size();
  const std::vector<std::size_t> axes = normalized_axes(*named, rank);
  std::vector<std::int64_t> extents;
  for (std::size_t axis = 0, from = 0; axis < rank; ++axis) {
    const bool inserted = std::binary_search(axes.begin(), axes.end(), axis);
    extents.push_back(inserted ? 1 : shape[from++]);
  }
  return make_reshaping(inputs, Shape(std::move(extents)));
}

const Registration<OperatorDefinition> kRegistration({"Unsqueeze", 1, 17, make_unsqueeze});

}  // namespace
}  // namespace mantissa
