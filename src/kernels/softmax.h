#pragma once

#include <cstdint>

namespace mantissa {

/// An array seen as [outer, extent, inner]: a softmax runs along the middle axis.
struct SoftmaxShape {
  std::int64_t outer = 1;
  std::int64_t extent = 1;
  std::int64_t inner = 1;
  std::int64_t elements() const { return outer * extent * inner; }
};

// The largest element of a row is subtracted first, so that no finite input overflows; sums are in
// binary64 in the order of kernels/reduction.h. A row with a NaN or +inf becomes NaN. Parallel over
// rows; the bits do not depend on threads.

/// y = e^x / sum(e^x).
void softmax(const SoftmaxShape& shape, const float* x, float* y);

/// grad_x = y (grad_y - sum(y grad_y)).
void softmax_gradient(const SoftmaxShape& shape, const float* y, const float* grad_y,
                      float* grad_x);

/// y = x - log(sum(e^x)).
void log_softmax(const SoftmaxShape& shape, const float* x, float* y);

/// grad_x = grad_y - e^y sum(grad_y).
void log_softmax_gradient(const SoftmaxShape& shape, const float* y, const float* grad_y,
                          float* grad_x);

/// The largest of `count` >= 1 values; of no meaning if one of them is NaN.
float largest(const float* values, std::int64_t count);

}  // namespace mantissa
