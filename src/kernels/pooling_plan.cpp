#include "kernels/pooling_plan.h"

#include <algorithm>

namespace mantissa {
namespace {

/// Taps of window `o` at positions in [low, high).
IndexRange taps(const WindowAxis& axis, std::int64_t o, std::int64_t low, std::int64_t high) {
  const std::int64_t begin = o * axis.stride - axis.pad_begin;
  const auto first_at = [&](std::int64_t position) {  // the first tap there or behind
    const std::int64_t distance = std::max<std::int64_t>(0, position - begin);
    return std::min(axis.kernel, (distance + axis.dilation - 1) / axis.dilation);
  };
  return {first_at(low), first_at(high)};
}

std::vector<IndexRange> taps_in_plane(const WindowAxis& axis) {
  std::vector<IndexRange> all;
  for (std::int64_t o = 0; o < axis.out; ++o) all.push_back(taps(axis, o, 0, axis.in));
  return all;
}

std::vector<double> divisors(const WindowAxis& axis, bool count_padding) {
  std::vector<double> all;
  const std::int64_t low = count_padding ? -axis.pad_begin : 0;
  const std::int64_t high = count_padding ? axis.in + axis.pad_end : axis.in;
  for (std::int64_t o = 0; o < axis.out; ++o) {
    all.push_back(static_cast<double>(taps(axis, o, low, high).size()));
  }
  return all;
}

bool tiles_axis(const WindowAxis& axis) {
  return axis.kernel == axis.stride && axis.dilation == 1 && axis.pad_begin == 0 &&
         axis.out * axis.kernel <= axis.in;
}

}  // namespace

PoolingPlan::PoolingPlan(const PoolingShape& pooling_shape)
    : shape(pooling_shape),
      row_taps(taps_in_plane(shape.vertical)),
      column_taps(taps_in_plane(shape.horizontal)) {
  for (std::int64_t r = 0; r < shape.vertical.kernel; ++r) {
    for (std::int64_t c = 0; c < shape.horizontal.kernel; ++c) {
      offsets.push_back(r * shape.vertical.dilation * shape.horizontal.in +
                        c * shape.horizontal.dilation);
    }
  }
  for (std::int64_t c = 0; c < shape.horizontal.kernel; ++c) {
    const auto reached = [c](const IndexRange& taps) { return taps.contains(c); };
    const auto first = std::find_if(column_taps.begin(), column_taps.end(), reached);
    const auto last = std::find_if_not(first, column_taps.end(), reached);
    tap_outputs.push_back({first - column_taps.begin(), last - column_taps.begin()});
  }
  const auto whole = [this](const IndexRange& taps) {
    return taps.size() == shape.horizontal.kernel;
  };
  const auto first = std::find_if(column_taps.begin(), column_taps.end(), whole);
  const auto last = std::find_if_not(first, column_taps.end(), whole);
  interior = {first - column_taps.begin(), last - column_taps.begin()};
}

bool PoolingPlan::tiles() const {
  return tiles_axis(shape.vertical) && tiles_axis(shape.horizontal);
}

PoolingDivisors::PoolingDivisors(const PoolingShape& shape, bool count_padding)
    : rows(divisors(shape.vertical, count_padding)),
      columns(divisors(shape.horizontal, count_padding)) {}

}  // namespace mantissa
