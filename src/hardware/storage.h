#pragma once

#include <cstddef>
#include <vector>

#include "graph/assignment.h"
#include "graph/graph.h"

namespace mantissa {

/// How a network's values and their gradients lie in DRAM, and which gradients a step computes.
///
/// A value is stored once, as wide as the widest of its readers asks: a layer asks for its
/// activation format (its weight format for a second operand), any other node for the format that
/// the value was computed in. The producer converts as it writes; a narrower reader converts at its
/// own edge. Nodes that only select or move elements (Relu, MaxPool, Transpose, views ...) give
/// members of their input's format, so that their result lies in that format if the vector format
/// holds all of it.
///
/// A gradient is stored in the error format of the layer that produced the value, else in the
/// vector format. Where a selecting node stands between, rounding before it equals rounding behind
/// it, so the narrow format reaches through it, as long as no second reader's gradient is added on
/// the way. Elements that share scales do not pass: what a node selects has other largest values.
///
/// A Relu that alone reads its input is fused with its producer, as accelerators do: the producer's
/// result passes through it on the way to DRAM, and what backward needs is one bit an element. Its
/// input and output are then one tensor, and so are their gradients.
struct StoragePlan {
  std::vector<const LayerNumerics*> layers;  ///< by node: its formats, nullptr if it is not a layer
  std::vector<bool> fused;  ///< by node: works on its producer's result before that is stored
  std::vector<Format> computed_format;        ///< by value: what its elements are members of
  std::vector<Quantization> gradient_format;  ///< by value: of its gradient in DRAM
  std::vector<double> value_bits;     ///< by value: of an element in DRAM; 0 if nobody reads it
  std::vector<double> gradient_bits;  ///< by value: of an element of `gradient_format`
  std::vector<bool> needs_gradient;   ///< by value
};

/// Throws Error if the assignment's layers are not the network's, by name and in order.
StoragePlan plan_storage(const Network& network, const Assignment& assignment);

/// True for a parameter that the optimiser changes.
bool is_trained(const Network& network, ValueId value);

/// Bits per element in memory.
double storage_bits(const Format& format);
/// Scales of blocks included.
double storage_bits(const Quantization& quantization);

}  // namespace mantissa
