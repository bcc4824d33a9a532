#include "kernels/convolution_geometry.h"

namespace mantissa {
namespace {

/// The window whose taps `map` places, over the grid of the extents `grid`.
template <typename Map>
Window window_over(const ConvolutionShape& shape, const Images& images,
                   std::int64_t WindowAxis::*grid, const Map& map) {
  Window window;
  window.images = images;
  window.rows = map(shape.vertical);
  window.columns = map(shape.horizontal);
  window.grid_height = shape.vertical.*grid;
  window.grid_width = shape.horizontal.*grid;
  window.kernel_height = shape.vertical.kernel;
  window.kernel_width = shape.horizontal.kernel;
  return window;
}

}  // namespace

Images input_images(const ConvolutionShape& shape, const float* x, std::int64_t first_channel,
                    std::int64_t channels) {
  return {x + first_channel * in_plane(shape),
          shape.batch,
          shape.in_channels * in_plane(shape),
          channels,
          shape.vertical.in,
          shape.horizontal.in};
}

Images output_images(const ConvolutionShape& shape, const float* y, std::int64_t first_channel,
                     std::int64_t channels) {
  return {y + first_channel * out_plane(shape),
          shape.batch,
          shape.out_channels * out_plane(shape),
          channels,
          shape.vertical.out,
          shape.horizontal.out};
}

Window input_window(const ConvolutionShape& shape, const Images& inputs) {
  return window_over(shape, inputs, &WindowAxis::out, [](const WindowAxis& axis) {
    return AxisMap{axis.stride, axis.dilation, -axis.pad_begin, 1};
  });
}

Window output_window(const ConvolutionShape& shape, const Images& gradients) {
  return window_over(shape, gradients, &WindowAxis::in, [](const WindowAxis& axis) {
    return AxisMap{1, -axis.dilation, axis.pad_begin, axis.stride};
  });
}

AxisPhase axis_phase(const WindowAxis& axis, std::int64_t first) {
  AxisPhase phase;
  phase.first = first;
  phase.extent = first < axis.in ? (axis.in - first - 1) / axis.stride + 1 : 0;
  for (std::int64_t tap = 0; tap < axis.kernel; ++tap) {
    if ((first + axis.pad_begin - tap * axis.dilation) % axis.stride == 0)
      phase.taps.push_back(tap);
  }
  if (phase.taps.empty()) return phase;
  // Position first + i * stride sees output i + (first + pad - tap * dilation) / stride; the taps
  // are equally far apart.
  const std::int64_t apart = phase.taps.size() > 1 ? phase.taps[1] - phase.taps[0] : 0;
  phase.map.offset = (first + axis.pad_begin - phase.taps[0] * axis.dilation) / axis.stride;
  phase.map.tap_step = -apart * axis.dilation / axis.stride;
  return phase;
}

}  // namespace mantissa
