#pragma once

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "fake_network.h"
#include "hardware/cost.h"

namespace mantissa::fake {

/// What a node costs in a phase.
inline const PhaseCost& phase(const StepCost& cost, const std::string& node, Phase phase) {
  const auto found = std::find_if(cost.nodes.begin(), cost.nodes.end(),
                                  [&](const NodeCost& n) { return n.node == node; });
  REQUIRE(found != cost.nodes.end());
  return found->phase(phase);
}

inline StepCost uniform_cost(const Network& network, const std::string& format,
                             const std::string& mac) {
  return cost_of_step(network, fake::uniform(network, fake::numerics(format, mac)), fake::gemmini(),
                      {});
}

/// x [64, 48] -> fc1 [48, 32] -> Relu -> fc2 [32, 16].
inline Network two_layers() {
  fake::NetworkBuilder build(Shape{64, 48});
  const ValueId w1 = build.parameter({48, 32});
  const ValueId w2 = build.parameter({32, 16});
  ValueId v = build.gemm("fc1", 0, w1);
  v = build.elementwise("relu", "Relu", {v});
  v = build.gemm("fc2", v, w2);
  return build.finish(v);
}

}  // namespace mantissa::fake
