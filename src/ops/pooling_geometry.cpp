#include "ops/pooling_geometry.h"

#include "ops/preparation.h"
#include "ops/window_geometry.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// The largest number below which a float holds every tap's index.
constexpr std::int64_t kMostTaps = std::int64_t{1} << 24;

}  // namespace

PoolingGeometry pooling_geometry(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 1, 1);
  const Shape& x = inputs[0].shape;
  require_image(x);
  if (!node.attributes.has("kernel_shape")) throw Error("", "attribute kernel_shape is missing");
  const auto kernel = node.attributes.integers("kernel_shape", {});
  const WindowGeometry geometry = window_geometry(node.attributes, x, kernel);
  if (geometry.vertical.kernel * geometry.horizontal.kernel > kMostTaps) {
    throw Error("", "the kernel " + Shape(kernel).text() + " has more than 2^24 elements");
  }
  require_elements_in_windows(geometry);
  const PoolingShape shape{x[0] * x[1], geometry.vertical, geometry.horizontal};
  return {shape, geometry.output_shape(x[0], x[1])};
}

}  // namespace mantissa
