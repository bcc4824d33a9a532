#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "graph/assignment.h"
#include "graph/graph.h"

namespace mantissa {

/// The phases of a training step.
enum class Phase : std::uint8_t { forward, backward_data, backward_weight, update };
inline constexpr std::size_t kPhaseCount = 4;
std::string_view phase_name(Phase phase);  ///< "forward", "backward_data", ...

/// The parts of the machine that energy is spent in.
enum class Component : std::uint8_t { multiplier, accumulator, converter, scratchpad, accumulator_memory, dram, host_core, leakage };
inline constexpr std::size_t kComponentCount = 8;
std::string_view component_name(Component component);

/// A cost with its parts. Latencies of overlapping parts do not add up; energies do.
struct PhaseCost {
  std::array<double, kComponentCount> energy_pj{};
  double latency_cycles = 0;
  double compute_cycles = 0;     ///< of the array or the host core, had memory been free
  double memory_cycles = 0;      ///< of DRAM transfers, had compute been free
  std::int64_t macs = 0;
  double dram_bytes = 0;
  double energy_total_pj() const;
};

/// One node of the network: a layer or a node in the vector format.
struct NodeCost {
  std::string node;
  std::string op_type;
  bool is_layer = false;
  std::array<PhaseCost, kPhaseCount> phases;
};

/// The cost of one training step (one batch).
struct StepCost {
  std::int64_t batch = 0;
  std::vector<NodeCost> nodes;   ///< in order of execution
  double energy_pj = 0;
  double latency_cycles = 0;
  double latency_seconds = 0;    ///< at the accelerator's clock
  double area_mm2 = 0;           ///< of an array element that serves every format assigned, times the array, plus memories
};

struct Accelerator;  ///< hardware/accelerator.h: read from a JSON file

/// Optimiser facts that the update phase depends on.
struct UpdateWork {
  int state_tensors = 1;             ///< momentum 1, Adam 2, plain SGD 0
  int operations_per_parameter = 4;  ///< multiplies and adds
};

/// Prices one training step of the network under the assignment.
StepCost cost_of_step(const Graph& graph, const Network& network, const Assignment& assignment,
                      const Accelerator& accelerator, const UpdateWork& update);

}  // namespace mantissa
