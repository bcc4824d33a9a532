#pragma once

#include <memory>
#include <span>

#include "kernels/movement.h"
#include "ops/operator.h"

namespace mantissa {

/// Pad and Slice: y[i, j, ...] = x[maps[0][i], maps[1][j], ...], or `fill` where a map says -1.
std::unique_ptr<Operator> make_index_map(std::span<const InputSpec> inputs, AxisMaps maps,
                                         float fill = 0);

}  // namespace mantissa
