#include "training/evaluation.h"

#include <algorithm>

#include "kernels/cross_entropy.h"
#include "training/execution.h"

namespace mantissa {
namespace {

constexpr std::size_t kEvaluationBatch =
    256;  // samples; only memory and speed depend on it, and stochastic words

struct Totals {
  double loss = 0;
  std::int64_t correct = 0;
};

void evaluate_batches(const Graph& graph, const Assignment& assignment,
                      std::span<const Tensor> parameters, const Dataset& dataset,
                      std::span<const std::int32_t> indices, std::size_t batch_size,
                      const Normalization& normalization, RandomKey key, Totals& totals) {
  const Network network = prepare(graph, static_cast<std::int64_t>(batch_size));
  Execution execution(network, assignment);
  Tensor images;
  std::vector<std::int32_t> labels(batch_size);
  for (std::size_t first = 0; first + batch_size <= indices.size(); first += batch_size) {
    const auto batch = indices.subspan(first, batch_size);
    gather(dataset, batch, normalization, {}, {}, images);
    std::transform(batch.begin(), batch.end(), labels.begin(),
                   [&](std::int32_t i) { return dataset.labels[static_cast<std::size_t>(i)]; });
    const Tensor& logits =
        execution.forward(images, parameters, ExecutionMode::inference, key.child(first));
    const CrossEntropyResult result = softmax_cross_entropy(logits, labels, 0, 1, nullptr);
    totals.loss += result.loss * static_cast<double>(batch_size);
    totals.correct += result.correct;
  }
}

}  // namespace

Accuracy evaluate(const Graph& graph, const Assignment& assignment,
                  std::span<const Tensor> parameters, const Dataset& dataset,
                  std::span<const std::int32_t> indices, const Normalization& normalization,
                  RandomKey key) {
  if (indices.empty()) return {};
  Totals totals;
  const std::size_t whole = indices.size() / kEvaluationBatch * kEvaluationBatch;
  if (whole > 0) {
    evaluate_batches(graph, assignment, parameters, dataset, indices.first(whole), kEvaluationBatch,
                     normalization, key.child("whole"), totals);
  }
  if (const auto rest = indices.subspan(whole); !rest.empty()) {
    evaluate_batches(graph, assignment, parameters, dataset, rest, rest.size(), normalization,
                     key.child("rest"), totals);
  }
  const auto count = static_cast<double>(indices.size());
  return {totals.loss / count, static_cast<double>(totals.correct) / count};
}

}  // namespace mantissa
