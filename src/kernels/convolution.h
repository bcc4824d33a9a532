#pragma once

#include <cstdint>

#include "kernels/matmul.h"
#include "kernels/window_axis.h"

namespace mantissa {

/// A two-dimensional convolution (cross-correlation, as ONNX's Conv). One-dimensional ones have
/// height 1.
struct ConvolutionShape {
  std::int64_t batch = 1;
  std::int64_t in_channels = 1;   ///< divisible by groups
  std::int64_t out_channels = 1;  ///< divisible by groups
  std::int64_t groups = 1;
  WindowAxis vertical;
  WindowAxis horizontal;

  std::int64_t in_elements() const { return batch * in_channels * vertical.in * horizontal.in; }
  std::int64_t out_elements() const { return batch * out_channels * vertical.out * horizontal.out; }
  /// [out_channels, in_channels / groups, kernel rows, kernel columns]
  std::int64_t weight_elements() const {
    return out_channels * (in_channels / groups) * vertical.kernel * horizontal.kernel;
  }
  bool is_depthwise() const {
    return groups > 1 && groups == in_channels && groups == out_channels;
  }
};

/// The three products of a training step. Layouts: x [batch, in_channels, height, width], y and
/// grad_y [batch, out_channels, height, width], weight [out_channels, in_channels / groups, kernel
/// rows, kernel columns].
///
/// Each output element is one chain (docs/numerics.md) with a fixed order of its products, in
/// which padding contributes products with +0 (they matter: +0 + -0, chunk boundaries and random
/// words depend on them):
///   forward          k = (kernel row, kernel column, input channel of the group), the channel
///   fastest backward_data    k = (kernel row, kernel column, output channel of the group), the
///   channel fastest; a position that the
///                    stride skips contributes a product with +0
///   backward_weight  k = (image, output row, output column), the column fastest
/// Random words as in `matmul`, with the element's index in its tensor.
/// Parallel over tiles of the output; the bits do not depend on the number of threads. Output is
/// overwritten.
void convolution_forward(const ConvolutionShape& shape, const float* x, const float* weight,
                         float* y, const Mac& mac, RandomKey key = {},
                         const Epilogue& epilogue = {});
void convolution_backward_data(const ConvolutionShape& shape, const float* grad_y,
                               const float* weight, float* grad_x, const Mac& mac,
                               RandomKey key = {});
void convolution_backward_weight(const ConvolutionShape& shape, const float* x, const float* grad_y,
                                 float* grad_weight, const Mac& mac, RandomKey key = {});
// In `epilogue`, row_bias is the bias by output channel [out_channels]; column_bias must be null.

}  // namespace mantissa
