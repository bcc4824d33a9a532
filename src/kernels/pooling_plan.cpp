#include "kernels/pooling_plan.h"

#include <algorithm>

namespace mantissa {
namespace {

struct Axis {
  std::int64_t in;
  std::int64_t out;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t dilation;
  std::int64_t pad_begin;
  std::int64_t pad_end;

  /// Taps of window `o` at positions in [low, high).
  IndexRange taps(std::int64_t o, std::int64_t low, std::int64_t high) const {
    const std::int64_t begin = o * stride - pad_begin;
    const auto first_at = [&](std::int64_t position) {  // the first tap there or behind
      const std::int64_t distance = std::max<std::int64_t>(0, position - begin);
      return std::min(kernel, (distance + dilation - 1) / dilation);
    };
    return {first_at(low), first_at(high)};
  }

  std::vector<IndexRange> taps_in_plane() const {
    std::vector<IndexRange> all;
    for (std::int64_t o = 0; o < out; ++o) all.push_back(taps(o, 0, in));
    return all;
  }

  std::vector<double> divisors(bool count_padding) const {
    std::vector<double> all;
    const std::int64_t low = count_padding ? -pad_begin : 0;
    const std::int64_t high = count_padding ? in + pad_end : in;
    for (std::int64_t o = 0; o < out; ++o) {
      all.push_back(static_cast<double>(taps(o, low, high).size()));
    }
    return all;
  }
};

Axis vertical(const PoolingShape& s) {
  return {s.in_height,       s.out_height, s.kernel_height, s.stride_height,
          s.dilation_height, s.pad_top,    s.pad_bottom};
}
Axis horizontal(const PoolingShape& s) {
  return {s.in_width,       s.out_width, s.kernel_width, s.stride_width,
          s.dilation_width, s.pad_left,  s.pad_right};
}

}  // namespace

PoolingPlan::PoolingPlan(const PoolingShape& pooling_shape)
    : shape(pooling_shape),
      row_taps(vertical(shape).taps_in_plane()),
      column_taps(horizontal(shape).taps_in_plane()) {
  for (std::int64_t r = 0; r < shape.kernel_height; ++r) {
    for (std::int64_t c = 0; c < shape.kernel_width; ++c) {
      offsets.push_back(r * shape.dilation_height * shape.in_width + c * shape.dilation_width);
    }
  }
  for (std::int64_t c = 0; c < shape.kernel_width; ++c) {
    const auto reached = [c](const IndexRange& taps) { return taps.contains(c); };
    const auto first = std::find_if(column_taps.begin(), column_taps.end(), reached);
    const auto last = std::find_if_not(first, column_taps.end(), reached);
    tap_outputs.push_back({first - column_taps.begin(), last - column_taps.begin()});
  }
  const auto whole = [this](const IndexRange& taps) { return taps.size() == shape.kernel_width; };
  const auto first = std::find_if(column_taps.begin(), column_taps.end(), whole);
  const auto last = std::find_if_not(first, column_taps.end(), whole);
  interior = {first - column_taps.begin(), last - column_taps.begin()};
}

bool PoolingPlan::tiles() const {
  const PoolingShape& s = shape;
  return s.kernel_height == s.stride_height && s.kernel_width == s.stride_width &&
         s.dilation_height == 1 && s.dilation_width == 1 && s.pad_top == 0 && s.pad_left == 0 &&
         s.out_height * s.kernel_height <= s.in_height &&
         s.out_width * s.kernel_width <= s.in_width;
}

PoolingDivisors::PoolingDivisors(const PoolingShape& shape, bool count_padding)
    : rows(vertical(shape).divisors(count_padding)),
      columns(horizontal(shape).divisors(count_padding)) {}

}  // namespace mantissa
