#pragma once

#include "kernels/reduction.h"

namespace mantissa {

// Elementwise passes of a normalisation by channel, x [batch, channels, inner]. Operands by channel
// are [channels]. Each operation rounds to binary32; one pass over memory, parallel. y may be x.

/// y = (x - mean) * factor + bias.
void normalize_channels(const ChannelLayout& layout, const float* x, const float* mean,
                        const float* factor, const float* bias, float* y);

/// Operands by channel of the gradient below.
struct NormalizationOperands {
  const float* mean = nullptr;
  const float* factor = nullptr;
  const float* offset = nullptr;  ///< the mean of grad_y
  const float* slope = nullptr;   ///< the mean of grad_y * (x - mean), divided by the variance
};

/// grad_x = factor * (grad_y - offset - (x - mean) * slope): the gradient of a normalisation by the
/// batch's own statistics.
void normalization_gradient(const ChannelLayout& layout, const float* grad_y, const float* x,
                            const NormalizationOperands& operands, float* grad_x);

/// y = x * factor.
void scale_channels(const ChannelLayout& layout, const float* x, const float* factor, float* y);

}  // namespace mantissa
