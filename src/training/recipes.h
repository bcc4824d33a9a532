#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/assignment.h"
#include "training/options.h"

namespace mantissa {

/// A well-known way to train: an assignment and the loss scaling that goes with it.
struct Recipe {
  std::string name;
  std::string summary;
  Assignment assignment;
  LossScalingOptions loss_scaling;
};

/// `fp32`, `amp-fp16`, `amp-bf16`.
std::vector<std::string> recipe_names();

/// - `fp32`: everything binary32.
/// - `amp-fp16`: weights, activations, errors, outputs and weight gradients in fp16 with binary32
/// accumulation; master weights and optimiser
///   state in binary32; dynamic loss scaling (Micikevicius et al., ICLR 2018).
/// - `amp-bf16`: the same in bfloat16, whose range needs no loss scaling (Kalamkar et al., 2019,
/// arXiv 1905.12322). Throws Error with the nearest name.
Recipe make_recipe(std::string_view name, const std::vector<std::string>& layer_names);

/// Every layer computing in `format`: weights, activations, errors and outputs; accumulation,
/// gradients and update in binary32.
Assignment uniform_assignment(const std::vector<std::string>& layer_names,
                              const Quantization& format);

}  // namespace mantissa
