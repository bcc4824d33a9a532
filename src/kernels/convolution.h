#pragma once

#include <cstdint>

#include "kernels/matmul.h"

namespace mantissa {

/// A two-dimensional convolution (cross-correlation, as ONNX's Conv). One-dimensional ones have
/// height 1.
struct ConvolutionShape {
  std::int64_t batch = 1;
  std::int64_t in_channels = 1;  ///< divisible by groups
  std::int64_t in_height = 1;
  std::int64_t in_width = 1;
  std::int64_t out_channels = 1;  ///< divisible by groups
  std::int64_t out_height = 1;
  std::int64_t out_width = 1;
  std::int64_t kernel_height = 1;
  std::int64_t kernel_width = 1;
  std::int64_t stride_height = 1;
  std::int64_t stride_width = 1;
  std::int64_t dilation_height = 1;
  std::int64_t dilation_width = 1;
  std::int64_t pad_top = 0;
  std::int64_t pad_left = 0;  ///< padding at bottom and right follows from the output's size
  std::int64_t groups = 1;

  std::int64_t in_elements() const { return batch * in_channels * in_height * in_width; }
  std::int64_t out_elements() const { return batch * out_channels * out_height * out_width; }
  /// [out_channels, in_channels / groups, kernel_height, kernel_width]
  std::int64_t weight_elements() const {
    return out_channels * (in_channels / groups) * kernel_height * kernel_width;
  }
  bool is_depthwise() const {
    return groups > 1 && groups == in_channels && groups == out_channels;
  }
};

/// The three products of a training step. Layouts: x [batch, in_channels, in_height, in_width], y
/// and grad_y [batch, out_channels, out_height, out_width], weight [out_channels, in_channels /
/// groups, kernel_height, kernel_width].
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
