#pragma once

#include <cstdint>
#include <vector>

#include "kernels/pooling.h"

namespace mantissa {

/// A half-open range of indices.
struct IndexRange {
  std::int64_t first = 0;
  std::int64_t last = 0;

  std::int64_t size() const { return last - first; }
  bool contains(std::int64_t i) const { return i >= first && i < last; }
};

/// A PoolingShape worked out: where each window lies, and which of its taps are in the plane.
struct PoolingPlan {
  explicit PoolingPlan(const PoolingShape& pooling_shape);

  /// The first tap of window (oh, ow), counted from the plane's first element; may lie outside of
  /// the plane.
  std::int64_t window(std::int64_t oh, std::int64_t ow) const {
    return (oh * shape.vertical.stride - shape.vertical.pad_begin) * shape.horizontal.in +
           ow * shape.horizontal.stride - shape.horizontal.pad_begin;
  }
  std::int64_t in_plane() const { return shape.vertical.in * shape.horizontal.in; }
  std::int64_t out_plane() const { return shape.vertical.out * shape.horizontal.out; }

  /// True if windows neither overlap nor touch padding, and have no holes.
  bool tiles() const;

  PoolingShape shape;
  std::vector<std::int64_t> offsets;    ///< [taps] of each tap from its window's first, row-major
  std::vector<IndexRange> row_taps;     ///< [out_height] rows of the kernel that lie in the plane
  std::vector<IndexRange> column_taps;  ///< [out_width] columns of the kernel, likewise
  std::vector<IndexRange>
      tap_outputs;      ///< [kernel_width] output columns that reach the plane through a tap
  IndexRange interior;  ///< output columns of which every tap lies in the plane
};

/// Neighbouring windows of one row of outputs, all of whose taps lie in the plane.
struct WindowRow {
  const float* first = nullptr;  ///< the first tap of the first window
  const float* end =
      nullptr;  ///< behind the last element of the whole input: nothing is read from there on
  const std::int64_t* offsets = nullptr;
  std::int64_t first_tap = 0;
  std::int64_t last_tap = 0;
  std::int64_t stride = 1;
  std::int64_t count = 0;  ///< of windows
};

/// Divisors of means along both axes; a window's divisor is their product.
struct PoolingDivisors {
  PoolingDivisors(const PoolingShape& shape, bool count_padding);

  std::vector<double> rows;     ///< [out_height]
  std::vector<double> columns;  ///< [out_width]
};

}  // namespace mantissa
