#pragma once

#include <cstdint>
#include <span>

#include "tensor/tensor.h"

namespace mantissa {

struct CrossEntropyResult {
  double loss = 0;  ///< nats per sample, the mean over the batch
  std::int64_t correct =
      0;  ///< samples whose label has the largest logit (the first of equals); none with a NaN
};

/// Cross entropy between softmax(logits) and labels; logits are [batch, classes] (further axes of
/// extent 1 are allowed).
///
/// With label smoothing s the target is (1 - s) for the label plus s / classes for every class
/// (Szegedy et al., CVPR 2016, section 7). If `grad_logits` is not null it becomes `gradient_scale`
/// times the gradient of the loss: gradient_scale / batch (softmax - target). The loss is summed in
/// binary64 in the order of the samples; the bits do not depend on threads. Throws Error if the
/// shape is wrong or a label is not in [0, classes).
CrossEntropyResult softmax_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels,
                                         double label_smoothing, double gradient_scale,
                                         Tensor* grad_logits);

}  // namespace mantissa
