#pragma once

#include <deque>

#include "kernels/scaled_quantize.h"
#include "numeric/events.h"
#include "numeric/quantize.h"
#include "tensor/tensor.h"

namespace mantissa {

/// Rounds a tensor in parallel into a format without scales; element i uses word i of the stream
/// `key`. What happens is counted if there is something to count in.
void quantize_tensor(Tensor& tensor, const Quantization& quantization, RandomKey key,
                     TensorEventCounter* events = nullptr);
void quantize_tensor(const Tensor& source, Tensor& destination, const Quantization& quantization,
                     RandomKey key, TensorEventCounter* events = nullptr);

/// The largest magnitudes of the tensors that were last in one place, for delayed scaling
/// (Micikevicius et al., FP8 Formats for Deep Learning, 2022, section 4).
class ScaleHistory {
 public:
  /// What to choose the scale of a tensor by whose own largest magnitude is `amax`: the largest of
  /// the `length` tensors before it, or its own if there were none or all were zero.
  float delayed(float amax, int length) const;

  void add(float amax, int length);

 private:
  std::deque<float> maxima_;
};

/// Rounds an operand of a matrix product into its format, scaled or not. `history` serves delayed
/// scaling; where the tensor is one to remember, `remember` is set. What happens is counted if
/// there is something to count in.
void round_operand(const Tensor& source, Tensor& destination, const Quantization& quantization,
                   OperandAxes axes, RandomKey key, ScaleHistory& history, bool remember,
                   TensorEventCounter* events);

}  // namespace mantissa
