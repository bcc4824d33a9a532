#include "kernels/broadcast.h"

#include "kernels/reduction.h"

namespace mantissa {
namespace {

/// The stride of `shape` along the axis that is `from_end` places from the last (from 1); 0 where
/// it is repeated.
std::int64_t broadcast_stride(const Shape& shape, std::size_t from_end) {
  if (from_end > shape.rank()) return 0;
  const std::size_t axis = shape.rank() - from_end;
  return shape[axis] == 1 ? 0 : shape.elements(axis + 1, shape.rank());
}

/// Offset in `a` of the index-th position of the space that `axes` span.
std::int64_t offset_in_a(const std::vector<BroadcastPlan::Axis>& axes, std::int64_t index) {
  std::int64_t offset = 0;
  for (std::size_t axis = axes.size(); axis-- > 0;) {
    offset += index % axes[axis].extent * axes[axis].stride_a;
    index /= axes[axis].extent;
  }
  return offset;
}

std::int64_t positions(const std::vector<BroadcastPlan::Axis>& axes) {
  std::int64_t count = 1;
  for (const BroadcastPlan::Axis& axis : axes) count *= axis.extent;
  return count;
}

/// The axes of a sum, without the innermost.
struct SumAxes {
  std::vector<BroadcastPlan::Axis> kept;
  std::vector<BroadcastPlan::Axis> summed;
};

/// The innermost axis is summed: each result is a sum of contiguous rows.
void sum_rows(const SumAxes& axes, std::int64_t row_length, const float* values, float* result) {
  const std::int64_t rows = positions(axes.summed);
  const std::int64_t grain = std::max<std::int64_t>(1, kElementwiseGrain / (rows * row_length));
  parallel_for(positions(axes.kept), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* base = values + offset_in_a(axes.kept, i);
      double total = 0;
      for (std::int64_t row = 0; row < rows; ++row) {
        total += sum(base + offset_in_a(axes.summed, row), row_length);
      }
      result[i] = static_cast<float>(total);
    }
  });
}

/// The innermost axis is kept: rows are added to one another, a block of columns at a time.
void sum_columns(const SumAxes& axes, std::int64_t row_length, const float* values, float* result) {
  constexpr std::int64_t kBlock = 256;
  const std::int64_t rows = positions(axes.summed);
  const std::int64_t blocks = (row_length + kBlock - 1) / kBlock;
  const std::int64_t grain = std::max<std::int64_t>(1, kElementwiseGrain / (rows * kBlock));
  parallel_for(positions(axes.kept) * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % blocks * kBlock;
      const std::int64_t count = std::min(kBlock, row_length - first);
      const float* base = values + offset_in_a(axes.kept, task / blocks) + first;
      double totals[kBlock] = {};
      for (std::int64_t row = 0; row < rows; ++row) {
        const float* from = base + offset_in_a(axes.summed, row);
        for (std::int64_t i = 0; i < count; ++i) totals[i] += double{from[i]};
      }
      float* to = result + task / blocks * row_length + first;
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(totals[i]);
    }
  });
}

}  // namespace

BroadcastPlan plan_broadcast(const Shape& a, const Shape& b, const Shape& result) {
  BroadcastPlan plan;
  plan.elements = result.elements();
  for (std::size_t axis = 0; axis < result.rank(); ++axis) {
    if (result[axis] == 1) continue;
    const std::size_t from_end = result.rank() - axis;
    const BroadcastPlan::Axis next = {result[axis], broadcast_stride(a, from_end),
                                      broadcast_stride(b, from_end)};
    if (!plan.axes.empty()) {
      BroadcastPlan::Axis& outer = plan.axes.back();
      if (outer.stride_a == next.extent * next.stride_a &&
          outer.stride_b == next.extent * next.stride_b) {
        outer = {outer.extent * next.extent, next.stride_a, next.stride_b};
        continue;
      }
    }
    plan.axes.push_back(next);
  }
  if (plan.axes.empty()) plan.axes.push_back({1, 1, 1});
  return plan;
}

RowOffsets row_offsets(const BroadcastPlan& plan, std::int64_t row) {
  RowOffsets offsets;
  for (std::size_t axis = plan.axes.size() - 1; axis-- > 0;) {
    const std::int64_t position = row % plan.axes[axis].extent;
    row /= plan.axes[axis].extent;
    offsets.a += position * plan.axes[axis].stride_a;
    offsets.b += position * plan.axes[axis].stride_b;
  }
  return offsets;
}

void sum_to_shape(const Tensor& values, Tensor& result) {
  if (values.empty()) {
    result.fill(0);
    return;
  }
  const BroadcastPlan plan = plan_broadcast(values.shape(), result.shape(), values.shape());
  SumAxes axes;
  for (std::size_t axis = 0; axis + 1 < plan.axes.size(); ++axis) {
    (plan.axes[axis].stride_b == 0 ? axes.summed : axes.kept).push_back(plan.axes[axis]);
  }
  const auto sum = plan.axes.back().stride_b == 0 ? sum_rows : sum_columns;
  sum(axes, plan.row_length(), values.data(), result.data());
}

}  // namespace mantissa
