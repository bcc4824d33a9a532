#include "kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/elementwise.h"
#include "kernels/reduction.h"
#include "kernels/softmax.h"
#include "support/error.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

struct RowLoss {
  double loss = 0;
  bool correct = false;
};

/// One sample. `exponentials` has room for its classes and receives e^(logit - largest logit),
/// whose sum is `total`.
RowLoss row_loss(std::span<const float> logits, std::int32_t label, double smoothing,
                 std::span<float> exponentials, double& total) {
  const auto classes = static_cast<std::int64_t>(logits.size());
  const auto chosen = static_cast<std::size_t>(label);
  const float top = largest(logits.data(), classes);
  for (std::size_t i = 0; i < logits.size(); ++i) exponentials[i] = logits[i] - top;
  const double label_shift{exponentials[chosen]};
  const double mean_shift =
      smoothing > 0 ? sum(exponentials.data(), classes) / static_cast<double>(classes) : 0;
  exponential(exponentials.data(), exponentials.data(), classes);
  total = sum(exponentials.data(), classes);
  // -log p_i = log(total) - (logit_i - top), averaged over the target's distribution.
  const double target_shift =
      smoothing > 0 ? (1 - smoothing) * label_shift + smoothing * mean_shift : label_shift;
  const auto first_largest = std::find(logits.begin(), logits.end(), top);
  return {natural_logarithm(total) - target_shift,
          !std::isnan(total) && first_largest - logits.begin() == label};
}

/// scale (softmax - target), from the exponentials in place.
void row_gradient(std::span<float> gradient, std::int32_t label, double smoothing, double total,
                  double scale) {
  const double floor = smoothing / static_cast<double>(gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double target = floor + (static_cast<std::int32_t>(i) == label ? 1 - smoothing : 0.0);
    gradient[i] = static_cast<float>(scale * (double{gradient[i]} / total - target));
  }
}

void check(const Shape& shape, std::span<const std::int32_t> labels, double smoothing) {
  if (shape.rank() < 2 || shape[1] < 1 || shape.elements(2, shape.rank()) != 1) {
    throw Error("", "logits must be [batch, classes]; their shape is " + shape.text());
  }
  if (shape[0] != static_cast<std::int64_t>(labels.size())) {
    throw Error("", std::to_string(labels.size()) + " labels for logits of shape " + shape.text());
  }
  if (!(smoothing >= 0 && smoothing <= 1)) throw Error("", "label smoothing must be in [0, 1]");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= shape[1]) {
      throw Error("", "label " + std::to_string(labels[i]) + " of sample " + std::to_string(i) +
                          " is not one of the " + std::to_string(shape[1]) +
                          " classes that the network tells apart");
    }
  }
}

}  // namespace

CrossEntropyResult softmax_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels,
                                         double label_smoothing, double gradient_scale,
                                         Tensor* grad_logits) {
  check(logits.shape(), labels, label_smoothing);
  const auto batch = static_cast<std::int64_t>(labels.size());
  const auto classes = static_cast<std::size_t>(logits.shape()[1]);
  if (grad_logits != nullptr) grad_logits->resize(logits.shape());

  std::vector<RowLoss> rows(labels.size());
  const std::int64_t grain = std::max<std::int64_t>(1, 2048 / logits.shape()[1]);
  parallel_for(batch, grain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch(grad_logits == nullptr ? classes : 0);
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
      const std::span<float> exponentials =
          grad_logits == nullptr ? std::span<float>(scratch)
                                 : grad_logits->values().subspan(row * classes, classes);
      double total = 0;
      rows[row] = row_loss(logits.values().subspan(row * classes, classes), labels[row],
                           label_smoothing, exponentials, total);
      if (grad_logits != nullptr) {
        row_gradient(exponentials, labels[row], label_smoothing, total,
                     gradient_scale / static_cast<double>(batch));
      }
    }
  });

  CrossEntropyResult result;
  for (const RowLoss& row : rows) {
    result.loss += row.loss;
    result.correct += row.correct ? 1 : 0;
  }
  if (batch > 0) result.loss /= static_cast<double>(batch);
  return result;
}

}  // namespace mantissa
