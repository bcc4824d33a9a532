#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "hardware/cost.h"

namespace mantissa {

/// What a step would gain if one part of it were accelerated (Amdahl, AFIPS 1967): with a share p
/// of the time, made s times faster, the whole is 1 / (1 - p + p / s) times faster.
struct Amdahl {
  double share = 0;        ///< of the whole, in [0, 1]
  double speedup_10x = 1;  ///< of the whole, if this part were ten times faster
  double speedup_infinite =
      1;  ///< of the whole, if this part took no time; infinity if there is nothing else
};
/// Times in any one unit: modelled cycles or measured seconds. A whole of 0 has parts with a share
/// of 0.
Amdahl amdahl(double part, double whole);

/// One node and phase of a step.
struct ProfileRow {
  std::string node;
  std::string op_type;
  Phase phase = Phase::forward;
  bool is_layer = false;
  std::int64_t macs = 0;
  double dram_bytes = 0;
  double macs_per_byte = 0;  ///< arithmetic intensity; 0 without traffic
  double energy_pj = 0;
  double latency_cycles = 0;
  double compute_cycles = 0;
  double memory_cycles = 0;
  bool memory_bound = false;  ///< memory takes longer than compute
  double array_utilization =
      0;  ///< MACs done of those that the array could do in that time, in [0, 1]
  Amdahl latency;
  Amdahl energy;  ///< the same arithmetic on energy
};

/// Every node and phase that does something, in order of execution: forward in the network's order,
/// both backward phases in reverse, then the update.
std::vector<ProfileRow> profile_rows(const StepCost& cost, const Accelerator& accelerator);

/// The same summed by phase (four rows, empty `node`) or by node (`phase` is forward and means
/// nothing).
std::vector<ProfileRow> profile_by_phase(const StepCost& cost, const Accelerator& accelerator);
std::vector<ProfileRow> profile_by_node(const StepCost& cost, const Accelerator& accelerator);

/// `{"node": ..., "op_type": ..., "phase": ..., "macs": ..., ..., "latency_share": ...,
/// "speedup_10x": ..., "speedup_infinite": ...}`; an infinite speed-up is null.
nlohmann::json to_json(const ProfileRow& row);

}  // namespace mantissa
