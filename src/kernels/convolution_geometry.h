#pragma once

#include <cstdint>
#include <vector>

#include "kernels/convolution.h"
#include "kernels/microkernel_facts.h"
#include "kernels/packing_window.h"

namespace mantissa {

inline std::int64_t in_plane(const ConvolutionShape& shape) {
  return shape.in_height * shape.in_width;
}
inline std::int64_t out_plane(const ConvolutionShape& shape) {
  return shape.out_height * shape.out_width;
}
inline std::int64_t taps(const ConvolutionShape& shape) {
  return shape.kernel_height * shape.kernel_width;
}

/// `channels` channels of x from `first_channel`.
Images input_images(const ConvolutionShape& shape, const float* x, std::int64_t first_channel,
                    std::int64_t channels);
/// `channels` channels of y or its gradient from `first_channel`.
Images output_images(const ConvolutionShape& shape, const float* y, std::int64_t first_channel,
                     std::int64_t channels);

/// The inputs that the outputs see through the kernel.
Window input_window(const ConvolutionShape& shape, const Images& inputs);

/// The outputs that an input contributed to: input = output * stride + tap * dilation - pad, solved
/// for the output.
Window output_window(const ConvolutionShape& shape, const Images& gradients);

/// Every `stride`-th position of one axis of the input, from `first`, and the taps that see outputs
/// there: the others meet the zeros between outputs that the stride skips.
struct AxisPhase {
  std::int64_t first = 0;
  std::int64_t extent = 0;  ///< positions of this phase
  AxisMap map;              ///< from these positions and the taps of this phase to the outputs
  std::vector<std::int64_t> taps;
};
AxisPhase axis_phase(std::int64_t first, std::int64_t in_extent, std::int64_t kernel,
                     std::int64_t stride, std::int64_t dilation, std::int64_t pad);

/// What is true of the operands of a product.
struct ConvolutionFacts {
  OperandFacts left;
  OperandFacts right;
};

/// Depthwise convolutions, where every channel is a product by itself. They have kernels of their
/// own: a product with one row would leave most of a tile idle.
void depthwise_forward(const ConvolutionShape& shape, const float* x, const float* weight, float* y,
                       const Mac& mac, RandomKey key, const Epilogue& epilogue,
                       const ConvolutionFacts& facts);
void depthwise_backward_data(const ConvolutionShape& shape, const float* grad_y,
                             const float* weight, float* grad_x, const Mac& mac, RandomKey key,
                             const ConvolutionFacts& facts);
void depthwise_backward_weight(const ConvolutionShape& shape, const float* x, const float* grad_y,
                               float* grad_weight, const Mac& mac, RandomKey key,
                               const ConvolutionFacts& facts);

}  // namespace mantissa
