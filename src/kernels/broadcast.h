#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/elementwise.h"
#include "tensor/parallel.h"
#include "tensor/tensor.h"

namespace mantissa {

/// Two arrays stretched to one shape (ONNX's multidirectional broadcasting), as loops over the
/// result.
///
/// Extents of 1 are left out, and axes that both arrays step through alike are merged: equal shapes
/// are one axis. The result is contiguous; an array that is repeated along an axis has stride 0
/// there.
struct BroadcastPlan {
  struct Axis {
    std::int64_t extent = 1;
    std::int64_t stride_a = 0;
    std::int64_t stride_b = 0;
  };
  std::vector<Axis> axes;  ///< outermost first, never empty; in the last, strides are 0 or 1
  std::int64_t elements = 0;

  std::int64_t row_length() const { return axes.back().extent; }
};

/// `result` must be broadcast_shape(a, b).
BroadcastPlan plan_broadcast(const Shape& a, const Shape& b, const Shape& result);

/// Where row `row` of the result begins in a and in b.
struct RowOffsets {
  std::int64_t a = 0;
  std::int64_t b = 0;
};
RowOffsets row_offsets(const BroadcastPlan& plan, std::int64_t row);

/// y[i] = function(a[i], b[i]) with a and b broadcast to the shape of y. Parallel over y.
template <typename Function>
void apply_broadcast(const Tensor& a, const Tensor& b, Tensor& y, Function function) {
  const BroadcastPlan plan = plan_broadcast(a.shape(), b.shape(), y.shape());
  const BroadcastPlan::Axis& last = plan.axes.back();
  parallel_for(plan.elements, kElementwiseGrain, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t column = begin % last.extent;
      const std::int64_t count = std::min(last.extent - column, end - begin);
      const RowOffsets row = row_offsets(plan, begin / last.extent);
      const float* from_a = a.data() + row.a + column * last.stride_a;
      const float* from_b = b.data() + row.b + column * last.stride_b;
      float* to = y.data() + begin;
      if (last.stride_a == 0) {
        for (std::int64_t i = 0; i < count; ++i) to[i] = function(from_a[0], from_b[i]);
      } else if (last.stride_b == 0) {
        for (std::int64_t i = 0; i < count; ++i) to[i] = function(from_a[i], from_b[0]);
      } else {
        for (std::int64_t i = 0; i < count; ++i) to[i] = function(from_a[i], from_b[i]);
      }
      begin += count;
    }
  });
}

/// Sums `values` over the axes along which an array of `result`'s shape was broadcast to theirs:
/// the gradient of broadcasting. In binary64, rounded once to binary32; the order is fixed
/// (`sum` of kernels/reduction.h along the innermost run of summed elements, runs in increasing
/// order). Parallel over the result.
void sum_to_shape(const Tensor& values, Tensor& result);

}  // namespace mantissa
