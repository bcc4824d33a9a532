#pragma once

#include <cstdint>

namespace mantissa {

/// Windows over planes [planes, in_height, in_width] -> [planes, out_height, out_width]; a plane is
/// one channel of one image. One-dimensional pooling has height 1. Every window holds at least one
/// element of its plane.
struct PoolingShape {
  std::int64_t planes = 1;
  std::int64_t in_height = 1;
  std::int64_t in_width = 1;
  std::int64_t out_height = 1;
  std::int64_t out_width = 1;
  std::int64_t kernel_height = 1;
  std::int64_t kernel_width = 1;
  std::int64_t stride_height = 1;
  std::int64_t stride_width = 1;
  std::int64_t dilation_height = 1;
  std::int64_t dilation_width = 1;
  std::int64_t pad_top = 0;
  std::int64_t pad_left = 0;
  std::int64_t pad_bottom = 0;  ///< counts only where padding is part of an average
  std::int64_t pad_right = 0;

  std::int64_t in_elements() const { return planes * in_height * in_width; }
  std::int64_t out_elements() const { return planes * out_height * out_width; }
  std::int64_t taps() const { return kernel_height * kernel_width; }
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
