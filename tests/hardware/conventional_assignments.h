#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hardware/cost.h"

namespace mantissa {

inline LayerNumerics mixed(std::string_view forward, std::string_view error,
                           std::string_view gradient) {
  LayerNumerics layer;
  assign(layer, Role::weight, forward);
  assign(layer, Role::activation, forward);
  assign(layer, Role::error, error);
  assign(layer, Role::output, gradient);
  assign(layer, Role::weight_gradient, gradient);
  return layer;
}

/// A conventional assignment to compare with: name, what it is, formats of every layer.
struct Baseline {
  std::string name;
  std::string summary;
  LayerNumerics numerics;
};

/// `fp32`; `fp16` and `bf16` operands with binary32 sums and masters (Micikevicius et al., ICLR
/// 2018; Kalamkar et al., 2019); `fp8`: e4m3fn forward, e5m2 errors, bf16 outputs and gradients,
/// binary32 sums and masters (Micikevicius et al., 2022).
inline std::vector<Baseline> baselines() {
  return {{"fp32", "binary32 throughout", LayerNumerics{}},
          {"fp16", "binary16 operands, binary32 sums and masters", mixed("fp16", "fp16", "fp16")},
          {"bf16", "bfloat16 operands, binary32 sums and masters", mixed("bf16", "bf16", "bf16")},
          {"fp8",
           "E4M3 forward, E5M2 errors, bfloat16 outputs and gradients, binary32 sums and masters",
           mixed("e4m3fn", "e5m2", "bf16")}};
}

/// The cost of a step with every layer in the baseline's formats and a binary32 vector format.
inline StepCost baseline_cost(const Baseline& baseline, const Network& network,
                              const Accelerator& accelerator, const UpdateWork& update) {
  Assignment assignment;
  for (const NetworkNode& node : network.nodes) {
    if (!node.op->multiplies_matrices()) continue;
    assignment.layer_names.push_back(node.name);
    assignment.layers.push_back(baseline.numerics);
  }
  return cost_of_step(network, assignment, accelerator, update);
}

}  // namespace mantissa
