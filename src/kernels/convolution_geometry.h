#pragma once

#include <cstdint>
#include <vector>

#include "kernels/convolution.h"
#include "kernels/microkernel_facts.h"
#include "kernels/packing_window.h"

namespace mantissa {

inline std::int64_t in_plane(const ConvolutionShape& shape) {
  return shape.vertical.in * shape.horizontal.in;
}
inline std::int64_t out_plane(const ConvolutionShape& shape) {
  return shape.vertical.out * shape.horizontal.out;
}
inline std::int64_t taps(const ConvolutionShape& shape) {
  return shape.vertical.kernel * shape.horizontal.kernel;
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
AxisPhase axis_phase(const WindowAxis& axis, std::int64_t first);

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
