#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/window_axis.h"
#include "ops/attributes.h"
#include "tensor/shape.h"

namespace mantissa {

/// The windows of a convolution or a pooling over [batch, channels, width] or [batch, channels,
/// height, width]; the former as height 1.
struct WindowGeometry {
  WindowAxis vertical;
  WindowAxis horizontal;
  std::size_t spatial_rank = 2;

  /// [batch, channels, out height, out width], without the height if the input had none.
  Shape output_shape(std::int64_t batch, std::int64_t channels) const;
};

/// Reads `strides`, `pads`, `dilations`, `auto_pad` and `ceil_mode` by ONNX's rules and finds the
/// output's size.
///
/// `x` is the input's shape and `kernel` the extents of the kernel. SAME_UPPER and SAME_LOWER pad
/// so that out = ceil(in / stride), the odd element at the end or at the beginning. With
/// `ceil_mode` a last window that would begin in the padding at the end is left out (as ONNX says
/// since 1.16, and PyTorch always has). Throws Error if a list's length does not fit, an extent is
/// not positive, or no window fits.
WindowGeometry window_geometry(const Attributes& attributes, const Shape& x,
                               const std::vector<std::int64_t>& kernel);

/// Throws Error if a window along some axis lies in the padding alone: its maximum and mean are
/// undefined.
void require_elements_in_windows(const WindowGeometry& geometry);

/// Throws Error unless `x` is [batch, channels, width] or [batch, channels, height, width] with
/// positive extents.
void require_image(const Shape& x);

}  // namespace mantissa
