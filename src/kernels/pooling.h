#pragma once

#include <cstdint>

#include "kernels/window_axis.h"

namespace mantissa {

/// Windows over planes [planes, height, width] -> [planes, out height, out width]; a plane is
/// one channel of one image. One-dimensional pooling has height 1. Every window holds at least one
/// element of its plane.
struct PoolingShape {
  std::int64_t planes = 1;
  WindowAxis vertical;  ///< padding at the end counts only where it is part of an average
  WindowAxis horizontal;

  std::int64_t in_elements() const { return planes * vertical.in * horizontal.in; }
  std::int64_t out_elements() const { return planes * vertical.out * horizontal.out; }
  std::int64_t taps() const { return vertical.kernel * horizontal.kernel; }
};

/// y = the largest element of each window; NaN if there is one.
///
/// `winners` (as large as y; nullptr: not wanted) receives which tap of the kernel it was,
/// row-major: the first of several equal ones, as formats with few values make ties common; the
/// last NaN. Parallel over planes.
void max_pool_forward(const PoolingShape& shape, const float* x, float* y, float* winners);

/// grad_x = sum of grad_y over the windows that an element won, in order of the windows.
/// Overwritten.
void max_pool_backward(const PoolingShape& shape, const float* grad_y, const float* winners,
                       float* grad_x);

/// y = the mean of each window, summed and divided in binary64 and rounded once. The divisor counts
/// the elements of the plane, or, with `count_padding`, also the `pad_*` around it; what a window
/// covers beyond those is never counted.
void average_pool_forward(const PoolingShape& shape, bool count_padding, const float* x, float* y);

/// grad_x = sum of grad_y / divisor (rounded to binary32) over the windows of an element.
/// Overwritten.
void average_pool_backward(const PoolingShape& shape, bool count_padding, const float* grad_y,
                           float* grad_x);

}  // namespace mantissa
