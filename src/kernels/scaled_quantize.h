#pragma once

#include <cstddef>

#include "numeric/events.h"
#include "numeric/quantize.h"
#include "tensor/tensor.h"

namespace mantissa {

/// How a matrix product reads one of its operands: along which axis it sums, and which one stays as
/// rows or columns of the result. Blocks run along the first; channels are indices of the second.
struct OperandAxes {
  std::size_t summed = 1;
  std::size_t kept = 0;

  /// Of the product that gives the gradient of the other operand: it sums over what was kept.
  OperandAxes swapped() const { return {kept, summed}; }
  friend bool operator==(const OperandAxes&, const OperandAxes&) = default;
};

/// The largest finite magnitude of a tensor; 0 if it has none.
float max_magnitude(const Tensor& tensor);

/// Rounds a tensor into a scaled format, in parallel. The destination is resized, and may be the
/// source. The random word of element i is `rounding_word(key, i)`, so the result is the same on
/// any number of threads.
///
/// Blocks run along the axis that the product sums over, at the same place of the other axes; the
/// last block of a run may be shorter. An axis that the tensor does not have counts as one of
/// length 1. `amax` is what scales of the group `tensor`, and the tensor's own scale under `e4m3`,
/// are chosen by: `max_magnitude(source)`, or what a history of it says. What happens is counted if
/// there is something to count in; the destination must not be the source then.
void quantize_scaled(const Tensor& source, Tensor& destination, const Quantization& quantization,
                     OperandAxes axes, RandomKey key, float amax,
                     TensorEventCounter* events = nullptr);

/// True if the rounded tensor depends on the axes: products that read it along other axes need
/// another rounding of it.
bool depends_on_axes(const Quantization& quantization);

}  // namespace mantissa
