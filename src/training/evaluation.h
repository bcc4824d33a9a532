#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.h"
#include "graph/assignment.h"
#include "graph/graph.h"

namespace mantissa {

/// How well a network does on labelled samples.
struct Accuracy {
  double loss = 0;      ///< mean softmax cross entropy, nats a sample
  double accuracy = 0;  ///< share of samples whose largest logit is the label's, in [0, 1]
};

/// Runs the network in inference mode, in the formats of the assignment, on the samples named by
/// `indices`. A NaN logit counts as wrong. The bits do not depend on threads.
Accuracy evaluate(const Graph& graph, const Assignment& assignment,
                  std::span<const Tensor> parameters, const Dataset& dataset,
                  std::span<const std::int32_t> indices, const Normalization& normalization,
                  RandomKey key);

}  // namespace mantissa
