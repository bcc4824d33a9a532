#include "kernels/sum_operands.h"

namespace mantissa {
namespace {

/// Where an element lies in a tensor [outer, channels, height, width].
struct Place {
  std::int64_t outer;
  std::int64_t channel;
  std::int64_t row;
  std::int64_t column;
};

Place place(std::int64_t index, std::int64_t channels, std::int64_t height, std::int64_t width) {
  const std::int64_t plane = index / width / height;
  return {plane / channels, plane % channels, index / width % height, index % width};
}

/// The input position that tap `tap` of the window at `output` sees; -1 in the padding.
std::int64_t seen(const WindowAxis& axis, std::int64_t output, std::int64_t tap) {
  const std::int64_t input = output * axis.stride + tap * axis.dilation - axis.pad_begin;
  return input >= 0 && input < axis.in ? input : -1;
}

/// The output whose window sees `input` by tap `tap`; -1 if there is none.
std::int64_t seer(const WindowAxis& axis, std::int64_t input, std::int64_t tap) {
  const std::int64_t position = input + axis.pad_begin - tap * axis.dilation;
  if (position < 0 || position % axis.stride != 0) return -1;
  return position / axis.stride < axis.out ? position / axis.stride : -1;
}

/// Images of one height and width.
struct Planes {
  const float* data;
  std::int64_t channels;
  std::int64_t height;
  std::int64_t width;

  float at(std::int64_t image, std::int64_t channel, std::int64_t row, std::int64_t column) const {
    if (row < 0 || column < 0) return 0;
    return data[((image * channels + channel) * height + row) * width + column];
  }
};

Planes input_planes(const ConvolutionShape& shape, const float* x) {
  return {x, shape.in_channels, shape.vertical.in, shape.horizontal.in};
}

Planes output_planes(const ConvolutionShape& shape, const float* y) {
  return {y, shape.out_channels, shape.vertical.out, shape.horizontal.out};
}

/// weight [out_channels, in_channels / groups, kernel rows, kernel columns]
float weight_at(const ConvolutionShape& shape, const float* weight, std::int64_t out_channel,
                std::int64_t in_channel, std::int64_t row, std::int64_t column) {
  const Planes planes = {weight, shape.in_channels / shape.groups, shape.vertical.kernel,
                         shape.horizontal.kernel};
  return planes.at(out_channel, in_channel, row, column);
}

/// Calls visit(kernel row, kernel column, channel of the group) in the order of a chain.
template <typename Visit>
void for_each_product(const ConvolutionShape& shape, std::int64_t channels, Visit visit) {
  for (std::int64_t row = 0; row < shape.vertical.kernel; ++row) {
    for (std::int64_t column = 0; column < shape.horizontal.kernel; ++column) {
      for (std::int64_t channel = 0; channel < channels; ++channel) visit(row, column, channel);
    }
  }
}

}  // namespace

SumOperands matmul_operands(const MatrixView& a, const MatrixView& b, std::int64_t index) {
  const float* row = a.data + index / b.columns * a.row_stride;
  const float* column = b.data + index % b.columns * b.column_stride;
  SumOperands operands;
  for (std::int64_t k = 0; k < a.columns; ++k) {
    operands.left.push_back(row[k * a.column_stride]);
    operands.right.push_back(column[k * b.row_stride]);
  }
  return operands;
}

SumOperands convolution_forward_operands(const ConvolutionShape& shape, const float* x,
                                         const float* weight, std::int64_t index) {
  const Place y = place(index, shape.out_channels, shape.vertical.out, shape.horizontal.out);
  const std::int64_t channels = shape.in_channels / shape.groups;
  const std::int64_t first_channel = y.channel / (shape.out_channels / shape.groups) * channels;
  const Planes inputs = input_planes(shape, x);
  SumOperands operands;
  for_each_product(shape, channels, [&](std::int64_t row, std::int64_t column, std::int64_t c) {
    operands.left.push_back(weight_at(shape, weight, y.channel, c, row, column));
    operands.right.push_back(inputs.at(y.outer, first_channel + c, seen(shape.vertical, y.row, row),
                                       seen(shape.horizontal, y.column, column)));
  });
  return operands;
}

SumOperands convolution_backward_data_operands(const ConvolutionShape& shape, const float* grad_y,
                                               const float* weight, std::int64_t index) {
  const Place x = place(index, shape.in_channels, shape.vertical.in, shape.horizontal.in);
  const std::int64_t in_channels = shape.in_channels / shape.groups;
  const std::int64_t channels = shape.out_channels / shape.groups;
  const std::int64_t first_channel = x.channel / in_channels * channels;
  const Planes gradients = output_planes(shape, grad_y);
  SumOperands operands;
  for_each_product(shape, channels, [&](std::int64_t row, std::int64_t column, std::int64_t c) {
    operands.left.push_back(
        weight_at(shape, weight, first_channel + c, x.channel % in_channels, row, column));
    operands.right.push_back(gradients.at(x.outer, first_channel + c,
                                          seer(shape.vertical, x.row, row),
                                          seer(shape.horizontal, x.column, column)));
  });
  return operands;
}

SumOperands convolution_backward_weight_operands(const ConvolutionShape& shape, const float* x,
                                                 const float* grad_y, std::int64_t index) {
  const std::int64_t channels = shape.in_channels / shape.groups;
  const Place w = place(index, channels, shape.vertical.kernel, shape.horizontal.kernel);
  const std::int64_t group = w.outer / (shape.out_channels / shape.groups);
  const Planes inputs = input_planes(shape, x);
  const Planes gradients = output_planes(shape, grad_y);
  SumOperands operands;
  for (std::int64_t image = 0; image < shape.batch; ++image) {
    for (std::int64_t row = 0; row < shape.vertical.out; ++row) {
      for (std::int64_t column = 0; column < shape.horizontal.out; ++column) {
        operands.left.push_back(gradients.at(image, w.outer, row, column));
        operands.right.push_back(inputs.at(image, group * channels + w.channel,
                                           seen(shape.vertical, row, w.row),
                                           seen(shape.horizontal, column, w.column)));
      }
    }
  }
  return operands;
}

}  // namespace mantissa
