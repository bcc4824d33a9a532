#pragma once

#include "kernels/convolution.h"

namespace mantissa::test {

/// A shape whose output size follows from equal padding on both sides.
inline ConvolutionShape square(std::int64_t batch, std::int64_t in_channels, std::int64_t size,
                               std::int64_t out_channels, std::int64_t kernel,
                               std::int64_t stride = 1, std::int64_t pad = 0,
                               std::int64_t dilation = 1, std::int64_t groups = 1) {
  ConvolutionShape shape;
  shape.batch = batch;
  shape.in_channels = in_channels;
  shape.out_channels = out_channels;
  shape.vertical.in = shape.horizontal.in = size;
  shape.vertical.kernel = shape.horizontal.kernel = kernel;
  shape.vertical.stride = shape.horizontal.stride = stride;
  shape.vertical.dilation = shape.horizontal.dilation = dilation;
  shape.vertical.pad_begin = shape.horizontal.pad_begin = pad;
  shape.vertical.out = shape.horizontal.out =
      (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
  shape.groups = groups;
  return shape;
}

}  // namespace mantissa::test
