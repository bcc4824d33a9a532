#pragma once

#include <span>

#include "kernels/pooling.h"
#include "ops/operator.h"

namespace mantissa {

/// The windows of a pooling node, and the shape of its output.
struct PoolingGeometry {
  PoolingShape shape;
  Shape output_shape;
};

/// Checks the one input and the attributes of MaxPool and AveragePool: `kernel_shape`, and what
/// `window_geometry` reads. Throws Error, also if a window lies in the padding alone.
PoolingGeometry pooling_geometry(const NodeSpec& node, std::span<const InputSpec> inputs);

}  // namespace mantissa
