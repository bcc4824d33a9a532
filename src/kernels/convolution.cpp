#include "kernels/convolution.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "kernels/matmul_tiles.h"
#include "kernels/microkernel.h"

namespace mantissa {
namespace {

std::int64_t in_plane(const ConvolutionShape& shape) {
  return shape.in_height * shape.in_width;
}
std::int64_t out_plane(const ConvolutionShape& shape) {
  return shape.out_height * shape.out_width;
}
std::int64_t taps(const ConvolutionShape& shape) {
  return shape.kernel_height * shape.kernel_width;
}

Images group_inputs(const ConvolutionShape& shape, const float* x, std::int64_t group) {
  const std::int64_t channels = shape.in_channels / shape.groups;
  return {x + group * channels * in_plane(shape),
          shape.batch,
          shape.in_channels * in_plane(shape),
          channels,
          shape.in_height,
          shape.in_width};
}

Images group_outputs(const ConvolutionShape& shape, const float* y, std::int64_t group) {
  const std::int64_t channels = shape.out_channels / shape.groups;
  return {y + group * channels * out_plane(shape),
          shape.batch,
          shape.out_channels * out_plane(shape),
          channels,
          shape.out_height,
          shape.out_width};
}

/// The inputs that the outputs see through the kernel.
Window input_window(const ConvolutionShape& shape, const Images& inputs) {
  Window window;
  window.images = inputs;
  window.rows = {shape.stride_height, shape.dilation_height, -shape.pad_top, 1, shape.in_height};
  window.columns = {shape.stride_width, shape.dilation_width, -shape.pad_left, 1, shape.in_width};
  window.grid_height = shape.out_height;
  window.grid_width = shape.out_width;
  window.kernel_height = shape.kernel_height;
  window.kernel_width = shape.kernel_width;
  return window;
}

/// The outputs that an input contributed to: input = output * stride + tap * dilation - pad, solved
/// for the output.
Window output_window(const ConvolutionShape& shape, const Images& gradients) {
  Window window;
  window.images = gradients;
  window.rows = {1, -shape.dilation_height, shape.pad_top, shape.stride_height, shape.out_height};
  window.columns = {1, -shape.dilation_width, shape.pad_left, shape.stride_width, shape.out_width};
  window.grid_height = shape.in_height;
  window.grid_width = shape.in_width;
  window.kernel_height = shape.kernel_height;
  window.kernel_width = shape.kernel_width;
  return window;
}

/// Images of `channels` channels and `plane` pixels as the columns (image, pixel) of a product
/// whose rows are the channels.
ProductOutput image_columns(float* data, std::int64_t plane, std::int64_t channels,
                            std::int64_t first_channel) {
  ProductOutput output;
  output.data = data + first_channel * plane;
  output.row_stride = plane;
  output.row_elements = plane;
  output.first_element = static_cast<std::uint64_t>(first_channel * plane);
  output.columns.inner_extent = std::max<std::int64_t>(plane, 1);
  output.columns.middle_stride = channels * plane;
  output.columns.middle_extent = std::numeric_limits<std::int64_t>::max();
  return output;
}

/// What is true of both operands, if the kernels want to know.
struct Facts {
  Facts(const Mac& mac, const float* left_values, std::int64_t left_count,
        const float* right_values, std::int64_t right_count) {
    if (!needs_facts(mac)) return;
    left = measure_facts(left_values, left_count);
    right = measure_facts(right_values, right_count);
  }
  OperandFacts left;
  OperandFacts right;
};

}  // namespace

void convolution_forward(const ConvolutionShape& shape, const float* x, const float* weight,
                         float* y, const Mac& mac, RandomKey key, const Epilogue& epilogue) {
  assert(epilogue.column_bias == nullptr);
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t out_channels = shape.out_channels / shape.groups;
  const std::int64_t depth = in_channels * taps(shape);
  const Facts facts(mac, weight, shape.weight_elements(), x, shape.in_elements());
  for (std::int64_t group = 0; group < shape.groups; ++group) {
    const WeightSource left(weight + group * out_channels * depth, depth, taps(shape), in_channels);
    const WindowSource right(input_window(shape, group_inputs(shape, x, group)));
    TiledProduct product;
    product.left = &left;
    product.right = &right;
    product.left_facts = facts.left;
    product.right_facts = facts.right;
    product.rows = out_channels;
    product.columns = shape.batch * out_plane(shape);
    product.depth = depth;
    product.output = image_columns(y, out_plane(shape), shape.out_channels, group * out_channels);
    Epilogue group_epilogue = epilogue;
    if (epilogue.row_bias != nullptr) group_epilogue.row_bias += group * out_channels;
    multiply_tiles(product, mac, key, group_epilogue);
  }
}

void convolution_backward_data(const ConvolutionShape& shape, const float* grad_y,
                               const float* weight, float* grad_x, const Mac& mac, RandomKey key) {
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t out_channels = shape.out_channels / shape.groups;
  const Facts facts(mac, weight, shape.weight_elements(), grad_y, shape.out_elements());
  for (std::int64_t group = 0; group < shape.groups; ++group) {
    const std::int64_t group_weights = out_channels * in_channels * taps(shape);
    const WeightSource left(weight + group * group_weights, taps(shape), in_channels * taps(shape),
                            out_channels);
    const WindowSource right(output_window(shape, group_outputs(shape, grad_y, group)));
    TiledProduct product;
    product.left = &left;
    product.right = &right;
    product.left_facts = facts.left;
    product.right_facts = facts.right;
    product.rows = in_channels;
    product.columns = shape.batch * in_plane(shape);
    product.depth = out_channels * taps(shape);
    product.output = image_columns(grad_x, in_plane(shape), shape.in_channels, group * in_channels);
    multiply_tiles(product, mac, key, {});
  }
}

void convolution_backward_weight(const ConvolutionShape& shape, const float* x, const float* grad_y,
                                 float* grad_weight, const Mac& mac, RandomKey key) {
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t out_channels = shape.out_channels / shape.groups;
  const std::int64_t columns = in_channels * taps(shape);
  const Facts facts(mac, grad_y, shape.out_elements(), x, shape.in_elements());
  for (std::int64_t group = 0; group < shape.groups; ++group) {
    const PixelSource left(group_outputs(shape, grad_y, group));
    const WindowByPosition right(input_window(shape, group_inputs(shape, x, group)));
    TiledProduct product;
    product.left = &left;
    product.right = &right;
    product.left_facts = facts.left;
    product.right_facts = facts.right;
    product.rows = out_channels;
    product.columns = columns;
    product.depth = shape.batch * out_plane(shape);
    const std::int64_t first_element = group * out_channels * columns;
    product.output.data = grad_weight + first_element;
    product.output.row_stride = columns;
    product.output.row_elements = columns;
    product.output.first_element = static_cast<std::uint64_t>(first_element);
    product.output.columns = {std::max<std::int64_t>(taps(shape), 1),
                              std::max<std::int64_t>(in_channels, 1), 0, 1, taps(shape)};
    multiply_tiles(product, mac, key, {});
  }
}

}  // namespace mantissa
