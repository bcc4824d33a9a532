#include "hardware/profile.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace mantissa {
namespace {

/// What every row is measured against.
struct Whole {
  double energy_pj = 0;
  double latency_cycles = 0;
  double macs_per_cycle = 0;
};

Whole whole_of(const StepCost& cost, const Accelerator& accelerator) {
  return {.energy_pj = cost.energy_pj,
          .latency_cycles = cost.latency_cycles,
          .macs_per_cycle = static_cast<double>(accelerator.rows) * accelerator.columns};
}

ProfileRow make_row(const PhaseCost& cost, const Whole& whole) {
  ProfileRow row;
  row.macs = cost.macs;
  row.dram_bytes = cost.dram_bytes;
  const auto macs = static_cast<double>(cost.macs);
  if (cost.dram_bytes > 0) row.macs_per_byte = macs / cost.dram_bytes;
  row.energy_pj = cost.energy_total_pj();
  row.latency_cycles = cost.latency_cycles;
  row.compute_cycles = cost.compute_cycles;
  row.memory_cycles = cost.memory_cycles;
  row.memory_bound = cost.memory_cycles > cost.compute_cycles;
  if (cost.latency_cycles > 0)
    row.array_utilization = macs / (cost.latency_cycles * whole.macs_per_cycle);
  row.latency = amdahl(row.latency_cycles, whole.latency_cycles);
  row.energy = amdahl(row.energy_pj, whole.energy_pj);
  return row;
}

void add_row(const NodeCost& node, Phase phase, const Whole& whole, std::vector<ProfileRow>& rows) {
  const PhaseCost& cost = node.phase(phase);
  if (cost.latency_cycles <= 0 && cost.energy_total_pj() <= 0) return;
  ProfileRow row = make_row(cost, whole);
  row.node = node.node;
  row.op_type = node.op_type;
  row.is_layer = node.is_layer;
  row.phase = phase;
  rows.push_back(row);
}

}  // namespace

Amdahl amdahl(double part, double whole) {
  if (whole <= 0) return {};
  const double share = part / whole;
  const double rest = 1 - share;
  return {.share = share,
          .speedup_10x = 1 / (rest + share / 10),
          .speedup_infinite = rest > 0 ? 1 / rest : std::numeric_limits<double>::infinity()};
}

std::vector<ProfileRow> profile_rows(const StepCost& cost, const Accelerator& accelerator) {
  const Whole whole = whole_of(cost, accelerator);
  std::vector<ProfileRow> rows;
  for (const NodeCost& node : cost.nodes) add_row(node, Phase::forward, whole, rows);
  for (auto node = cost.nodes.rbegin(); node != cost.nodes.rend(); ++node) {
    add_row(*node, Phase::backward_data, whole, rows);
    add_row(*node, Phase::backward_weight, whole, rows);
  }
  for (const NodeCost& node : cost.nodes) add_row(node, Phase::update, whole, rows);
  return rows;
}

std::vector<ProfileRow> profile_by_phase(const StepCost& cost, const Accelerator& accelerator) {
  const Whole whole = whole_of(cost, accelerator);
  std::vector<ProfileRow> rows;
  for (std::size_t p = 0; p < kPhaseCount; ++p) {
    ProfileRow row = make_row(cost.total(static_cast<Phase>(p)), whole);
    row.phase = static_cast<Phase>(p);
    rows.push_back(row);
  }
  return rows;
}

std::vector<ProfileRow> profile_by_node(const StepCost& cost, const Accelerator& accelerator) {
  const Whole whole = whole_of(cost, accelerator);
  std::vector<ProfileRow> rows;
  for (const NodeCost& node : cost.nodes) {
    ProfileRow row = make_row(node.total(), whole);
    row.node = node.node;
    row.op_type = node.op_type;
    row.is_layer = node.is_layer;
    rows.push_back(row);
  }
  return rows;
}

nlohmann::json to_json(const ProfileRow& row) {
  const bool finite = std::isfinite(row.latency.speedup_infinite);
  return {{"node", row.node},
          {"op_type", row.op_type},
          {"phase", phase_name(row.phase)},
          {"layer", row.is_layer},
          {"macs", row.macs},
          {"dram_bytes", row.dram_bytes},
          {"macs_per_byte", row.macs_per_byte},
          {"energy_pj", row.energy_pj},
          {"energy_share", row.energy.share},
          {"latency_cycles", row.latency_cycles},
          {"compute_cycles", row.compute_cycles},
          {"memory_cycles", row.memory_cycles},
          {"memory_bound", row.memory_bound},
          {"array_utilization", row.array_utilization},
          {"latency_share", row.latency.share},
          {"speedup_10x", row.latency.speedup_10x},
          {"speedup_infinite",
           finite ? nlohmann::json(row.latency.speedup_infinite) : nlohmann::json()}};
}

}  // namespace mantissa
