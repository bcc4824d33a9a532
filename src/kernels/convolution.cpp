#include "kernels/convolution.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/convolution_geometry.h"
#include "kernels/matmul_tiles.h"
#include "kernels/microkernel.h"

namespace mantissa {
namespace {

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

ConvolutionFacts measure(bool wanted, const float* left, std::int64_t left_count,
                         const float* right, std::int64_t right_count) {
  if (!wanted) return {};
  return {measure_facts(left, left_count), measure_facts(right, right_count)};
}

std::vector<std::int64_t> all_taps(const ConvolutionShape& shape) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(taps(shape)));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// The arguments of convolution_backward_data.
struct BackwardData {
  const ConvolutionShape& shape;
  const float* grad_y;
  const float* weight;
  float* grad_x;
  const Mac& mac;
  RandomKey key;
};

void backward_data_group(const BackwardData& call, const ConvolutionFacts& facts,
                         std::int64_t group) {
  const ConvolutionShape& shape = call.shape;
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t out_channels = shape.out_channels / shape.groups;
  const WeightSource left(call.weight + group * out_channels * in_channels * taps(shape),
                          taps(shape), in_channels * taps(shape), out_channels, all_taps(shape));
  const WindowSource right(
      output_window(shape, output_images(shape, call.grad_y, group * out_channels, out_channels)));
  TiledProduct product;
  product.left = &left;
  product.right = &right;
  product.left_facts = facts.left;
  product.right_facts = facts.right;
  product.rows = in_channels;
  product.columns = shape.batch * in_plane(shape);
  product.depth = out_channels * taps(shape);
  product.output =
      image_columns(call.grad_x, in_plane(shape), shape.in_channels, group * in_channels);
  multiply_tiles(product, call.mac, call.key, {});
}

/// The inputs of one remainder modulo the strides, without the taps that meet zeros only.
void backward_data_phase(const BackwardData& call, const ConvolutionFacts& facts,
                         std::int64_t group, std::int64_t first_row, std::int64_t first_column) {
  const ConvolutionShape& shape = call.shape;
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t out_channels = shape.out_channels / shape.groups;
  const AxisPhase rows = axis_phase(shape.vertical, first_row);
  const AxisPhase columns = axis_phase(shape.horizontal, first_column);
  if (rows.extent == 0 || columns.extent == 0) return;
  std::vector<std::int64_t> seen;
  for (const std::int64_t row : rows.taps) {
    for (const std::int64_t column : columns.taps)
      seen.push_back(row * shape.horizontal.kernel + column);
  }
  Window window;
  window.images = output_images(shape, call.grad_y, group * out_channels, out_channels);
  window.rows = rows.map;
  window.columns = columns.map;
  window.grid_height = rows.extent;
  window.grid_width = columns.extent;
  window.kernel_height = std::max<std::int64_t>(static_cast<std::int64_t>(rows.taps.size()), 1);
  window.kernel_width = std::max<std::int64_t>(static_cast<std::int64_t>(columns.taps.size()), 1);
  const auto depth = static_cast<std::int64_t>(seen.size()) * out_channels;
  const WeightSource left(call.weight + group * out_channels * in_channels * taps(shape),
                          taps(shape), in_channels * taps(shape), out_channels, std::move(seen));
  const WindowSource right(window);
  TiledProduct product;
  product.left = &left;
  product.right = &right;
  product.left_facts = facts.left;
  product.right_facts = facts.right;
  product.rows = in_channels;
  product.columns = shape.batch * rows.extent * columns.extent;
  product.depth = depth;
  product.output =
      image_columns(call.grad_x, in_plane(shape), shape.in_channels, group * in_channels);
  product.output.data += first_row * shape.horizontal.in + first_column;
  product.output.columns = {rows.extent, columns.extent, shape.in_channels * in_plane(shape),
                            shape.vertical.stride * shape.horizontal.in, shape.horizontal.stride};
  multiply_tiles(product, call.mac, call.key, {});
}

}  // namespace

void convolution_forward(const ConvolutionShape& shape, const float* x, const float* weight,
                         float* y, const Mac& mac, RandomKey key, const Epilogue& epilogue) {
  assert(epilogue.column_bias == nullptr);
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t out_channels = shape.out_channels / shape.groups;
  const std::int64_t depth = in_channels * taps(shape);
  const ConvolutionFacts facts =
      measure(needs_facts(mac), weight, shape.weight_elements(), x, shape.in_elements());
  if (shape.is_depthwise()) {
    depthwise_forward(shape, x, weight, y, mac, key, epilogue, facts);
    return;
  }
  for (std::int64_t group = 0; group < shape.groups; ++group) {
    const WeightSource left(weight + group * out_channels * depth, depth, taps(shape), in_channels,
                            all_taps(shape));
    const WindowSource right(
        input_window(shape, input_images(shape, x, group * in_channels, in_channels)));
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
  const BackwardData call{shape, grad_y, weight, grad_x, mac, key};
  const bool strided = shape.vertical.stride > 1 || shape.horizontal.stride > 1;
  ConvolutionFacts facts = measure(needs_facts(mac) || strided, weight, shape.weight_elements(),
                                   grad_y, shape.out_elements());
  if (shape.is_depthwise()) {
    depthwise_backward_data(shape, grad_y, weight, grad_x, mac, key, facts);
    return;
  }
  if (!strided || !zero_products_are_idle(mac, facts.left, facts.right)) {
    for (std::int64_t group = 0; group < shape.groups; ++group) {
      backward_data_group(call, facts, group);
    }
    return;
  }
  for (std::int64_t row = 0; row < shape.vertical.stride; ++row) {
    for (std::int64_t column = 0; column < shape.horizontal.stride; ++column) {
      for (std::int64_t group = 0; group < shape.groups; ++group) {
        backward_data_phase(call, facts, group, row, column);
      }
    }
  }
}

void convolution_backward_weight(const ConvolutionShape& shape, const float* x, const float* grad_y,
                                 float* grad_weight, const Mac& mac, RandomKey key) {
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t out_channels = shape.out_channels / shape.groups;
  const std::int64_t columns = in_channels * taps(shape);
  const ConvolutionFacts facts =
      measure(needs_facts(mac), grad_y, shape.out_elements(), x, shape.in_elements());
  if (shape.is_depthwise()) {
    depthwise_backward_weight(shape, x, grad_y, grad_weight, mac, key, facts);
    return;
  }
  for (std::int64_t group = 0; group < shape.groups; ++group) {
    const PixelSource left(output_images(shape, grad_y, group * out_channels, out_channels));
    const WindowByPosition right(
        input_window(shape, input_images(shape, x, group * in_channels, in_channels)));
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
