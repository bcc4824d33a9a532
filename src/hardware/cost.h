#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "graph/assignment.h"
#include "graph/graph.h"
#include "hardware/accelerator.h"

namespace mantissa {

/// The phases of a training step.
enum class Phase : std::uint8_t { forward, backward_data, backward_weight, update };
inline constexpr std::size_t kPhaseCount = 4;
std::string_view phase_name(Phase phase);  ///< "forward", "backward_data", ...

/// The parts of the machine that energy is spent in.
enum class Component : std::uint8_t {
  multiplier,   ///< of the array's elements
  accumulator,  ///< their adders, and biases added at the array's edge
  registers,    ///< operands and partial sums on their way through the array
  converter,    ///< between formats, at the array's edge and at the host's
  scratchpad,
  accumulator_memory,
  dram,
  host_core,  ///< instructions and binary32 arithmetic
  leakage,    ///< of array, memories and host, for as long as the phase takes
};
inline constexpr std::size_t kComponentCount = 9;
std::string_view component_name(
    Component component);  ///< "multiplier", ..., "accumulator_memory", ...

/// A cost with its parts. Latencies of overlapping parts do not add up; energies do.
struct PhaseCost {
  std::array<double, kComponentCount> energy_pj{};  ///< by Component
  double latency_cycles = 0;
  double compute_cycles = 0;  ///< of the array or the host core, had memory been free
  double memory_cycles = 0;   ///< of DRAM transfers, had compute been free
  std::int64_t macs = 0;
  double dram_bytes = 0;
  double scratchpad_bytes = 0;  ///< written from DRAM and read by the array
  std::int64_t tiles = 0;       ///< of the array's schedule

  double energy_total_pj() const;
  double& energy(Component component) { return energy_pj[static_cast<std::size_t>(component)]; }
  double energy(Component component) const {
    return energy_pj[static_cast<std::size_t>(component)];
  }
  /// Energies, cycles, MACs and bytes add up: for phases that run one after the other.
  PhaseCost& operator+=(const PhaseCost& other);
};

/// One node of the network: a layer or a node in the vector format.
struct NodeCost {
  std::string node;
  std::string op_type;
  bool is_layer = false;
  std::array<PhaseCost, kPhaseCount> phases;  ///< by Phase

  const PhaseCost& phase(Phase phase) const { return phases[static_cast<std::size_t>(phase)]; }
  PhaseCost total() const;
};

/// Silicon by part.
struct Area {
  double element_um2 = 0;     ///< one element: the largest multiplier, the largest adder and the
                              ///< widest registers needed
  double array_mm2 = 0;       ///< rows x columns elements
  double converters_mm2 = 0;  ///< the largest needed, one for each row and column
  double memories_mm2 = 0;
  double host_mm2 = 0;
  double total_mm2() const { return array_mm2 + converters_mm2 + memories_mm2 + host_mm2; }
};

/// The area of a machine that serves every pair of operands and Mac of the assignment, in every
/// layer and phase: a simple union, part by part, of what each needs.
Area area_of(const Assignment& assignment, const Accelerator& accelerator);

/// The cost of one training step (one batch).
struct StepCost {
  std::int64_t batch = 0;
  std::vector<NodeCost> nodes;  ///< in order of execution
  double energy_pj = 0;         ///< of all nodes, phases and components
  double latency_cycles = 0;    ///< of all nodes and phases, one after the other
  double latency_seconds = 0;   ///< at the accelerator's clock
  Area area;                    ///< of a machine that serves every format assigned
  double area_mm2 = 0;          ///< its total

  PhaseCost total(Phase phase) const;
  PhaseCost total() const;
};

/// Optimiser facts that the update phase depends on.
struct UpdateWork {
  int state_tensors = 1;             ///< momentum 1, Adam 2, plain SGD 0
  int operations_per_parameter = 4;  ///< multiplies and adds
  int specials_per_parameter = 0;    ///< divisions and roots: Adam 2
};

/// Prices one training step of the network under the assignment: pure, deterministic, well under a
/// millisecond for networks of some tens of layers. docs/cost-model.md states every law.
///
/// Throws Error if the assignment's layers are not the network's.
StepCost cost_of_step(const Network& network, const Assignment& assignment,
                      const Accelerator& accelerator, const UpdateWork& update);

/// `{"energy_pj": ..., "latency_cycles": ..., "latency_seconds": ..., "area_mm2": ..., "batch":
/// ..., "nodes": [{"node": ..., "op_type": ..., "layer": true, "phases": {"forward": {"energy_pj":
/// {"multiplier": ..., ...}, "latency_cycles": ..., ...}}}]}`; phases without work are left out.
nlohmann::json to_json(const StepCost& cost);

}  // namespace mantissa
