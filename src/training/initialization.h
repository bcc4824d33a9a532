#pragma once

#include <vector>

#include "graph/graph.h"
#include "support/random.h"

namespace mantissa {

/// A fresh start for training: new values of the graph's parameters, in its order, from the words
/// of `key`.
///
/// Weights of layers: uniform with variance 2 / fan_in (He et al., ICCV 2015), of the last layer 1
/// / fan_in (LeCun et al., 1998); biases of layers 0; scales of batch normalisation 1, shifts 0,
/// running means 0, running variances 1. Any other parameter keeps the model's value.
std::vector<Tensor> initial_parameters(const Graph& graph, const Network& network, RandomKey key);

/// Copies of the model's own values.
std::vector<Tensor> model_parameters(const Graph& graph);

}  // namespace mantissa
