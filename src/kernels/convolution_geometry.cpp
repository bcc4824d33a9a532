#include "kernels/convolution_geometry.h"

namespace mantissa {

Images input_images(const ConvolutionShape& shape, const float* x, std::int64_t first_channel,
                    std::int64_t channels) {
  return {x + first_channel * in_plane(shape),
          shape.batch,
          shape.in_channels * in_plane(shape),
          channels,
          shape.in_height,
          shape.in_width};
}

Images output_images(const ConvolutionShape& shape, const float* y, std::int64_t first_channel,
                     std::int64_t channels) {
  return {y + first_channel * out_plane(shape),
          shape.batch,
          shape.out_channels * out_plane(shape),
          channels,
          shape.out_height,
          shape.out_width};
}

Window input_window(const ConvolutionShape& shape, const Images& inputs) {
  Window window;
  window.images = inputs;
  window.rows = {shape.stride_height, shape.dilation_height, -shape.pad_top, 1};
  window.columns = {shape.stride_width, shape.dilation_width, -shape.pad_left, 1};
  window.grid_height = shape.out_height;
  window.grid_width = shape.out_width;
  window.kernel_height = shape.kernel_height;
  window.kernel_width = shape.kernel_width;
  return window;
}

Window output_window(const ConvolutionShape& shape, const Images& gradients) {
  Window window;
  window.images = gradients;
  window.rows = {1, -shape.dilation_height, shape.pad_top, shape.stride_height};
  window.columns = {1, -shape.dilation_width, shape.pad_left, shape.stride_width};
  window.grid_height = shape.in_height;
  window.grid_width = shape.in_width;
  window.kernel_height = shape.kernel_height;
  window.kernel_width = shape.kernel_width;
  return window;
}

AxisPhase axis_phase(std::int64_t first, std::int64_t in_extent, std::int64_t kernel,
                     std::int64_t stride, std::int64_t dilation, std::int64_t pad) {
  AxisPhase phase;
  phase.first = first;
  phase.extent = first < in_extent ? (in_extent - first - 1) / stride + 1 : 0;
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    if ((first + pad - tap * dilation) % stride == 0) phase.taps.push_back(tap);
  }
  if (phase.taps.empty()) return phase;
  // Position first + i * stride sees output i + (first + pad - tap * dilation) / stride; the taps
  // are equally far apart.
  const std::int64_t apart = phase.taps.size() > 1 ? phase.taps[1] - phase.taps[0] : 0;
  phase.map.offset = (first + pad - phase.taps[0] * dilation) / stride;
  phase.map.tap_step = -apart * dilation / stride;
  return phase;
}

}  // namespace mantissa
