#include "hardware/cost.h"

#include <numeric>
#include <set>

#include <nlohmann/json.hpp>

#include "hardware/phase_costs.h"

namespace mantissa {
namespace {

constexpr std::array<std::string_view, kPhaseCount> kPhaseNames = {"forward", "backward_data",
                                                                   "backward_weight", "update"};
constexpr std::array<std::string_view, kComponentCount> kComponentNames = {
    "multiplier",         "accumulator", "registers", "converter", "scratchpad",
    "accumulator_memory", "dram",        "host_core", "leakage"};

/// Of array and converters by their area, of the memories by their size, of the host by its area.
double leakage_pj_per_cycle(const Area& area, const Accelerator& accelerator) {
  const double logic_mw =
      (area.array_mm2 + area.converters_mm2 + area.host_mm2) * accelerator.logic_leakage_mw_per_mm2;
  const double memory_mw =
      (accelerator.scratchpad.kibibytes + accelerator.accumulator_memory.kibibytes) *
      accelerator.sram_leakage_mw_per_kibibyte;
  return (logic_mw + memory_mw) / accelerator.clock_ghz;  // mW x ns = pJ
}

bool has_work(const PhaseCost& phase) {
  return phase.energy_total_pj() > 0 || phase.latency_cycles > 0;
}

nlohmann::json phase_json(const PhaseCost& phase) {
  nlohmann::json energy = nlohmann::json::object();
  for (std::size_t c = 0; c < kComponentCount; ++c)
    energy[std::string(kComponentNames[c])] = phase.energy_pj[c];
  return {{"energy_pj", energy},
          {"latency_cycles", phase.latency_cycles},
          {"compute_cycles", phase.compute_cycles},
          {"memory_cycles", phase.memory_cycles},
          {"macs", phase.macs},
          {"dram_bytes", phase.dram_bytes},
          {"scratchpad_bytes", phase.scratchpad_bytes}};
}

}  // namespace

std::string_view phase_name(Phase phase) {
  return kPhaseNames[static_cast<std::size_t>(phase)];
}
std::string_view component_name(Component component) {
  return kComponentNames[static_cast<std::size_t>(component)];
}

double PhaseCost::energy_total_pj() const {
  return std::accumulate(energy_pj.begin(), energy_pj.end(), 0.0);
}

PhaseCost& PhaseCost::operator+=(const PhaseCost& other) {
  for (std::size_t c = 0; c < kComponentCount; ++c) energy_pj[c] += other.energy_pj[c];
  latency_cycles += other.latency_cycles;
  compute_cycles += other.compute_cycles;
  memory_cycles += other.memory_cycles;
  macs += other.macs;
  dram_bytes += other.dram_bytes;
  scratchpad_bytes += other.scratchpad_bytes;
  tiles += other.tiles;
  return *this;
}

PhaseCost NodeCost::total() const {
  PhaseCost sum;
  for (const PhaseCost& phase : phases) sum += phase;
  return sum;
}

PhaseCost StepCost::total(Phase phase) const {
  PhaseCost sum;
  for (const NodeCost& node : nodes) sum += node.phase(phase);
  return sum;
}

PhaseCost StepCost::total() const {
  PhaseCost sum;
  for (const NodeCost& node : nodes) sum += node.total();
  return sum;
}

StepCost cost_of_step(const Network& network, const Assignment& assignment,
                      const Accelerator& accelerator, const UpdateWork& update) {
  StepCost cost;
  cost.batch = network.batch;
  cost.area = area_of(assignment, accelerator);
  cost.area_mm2 = cost.area.total_mm2();
  const StoragePlan storage = plan_storage(network, assignment);
  const CostContext context{
      .network = network,
      .assignment = assignment,
      .accelerator = accelerator,
      .storage = storage,
      .prices = tile_prices(accelerator, leakage_pj_per_cycle(cost.area, accelerator))};
  std::set<ValueId> updated;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) {
    NodeCost& node = cost.nodes.emplace_back();
    node.node = network.nodes[n].name;
    node.op_type = network.nodes[n].op_type;
    node.is_layer = storage.layers[n] != nullptr;
    if (node.is_layer) {
      price_layer(context, n, node);
    } else {
      price_host_node(context, n, node);
    }
    price_update(context, n, update, updated, node);
  }
  const PhaseCost total = cost.total();
  cost.energy_pj = total.energy_total_pj();
  cost.latency_cycles = total.latency_cycles;
  cost.latency_seconds = accelerator.cycles_to_seconds(total.latency_cycles);
  return cost;
}

nlohmann::json to_json(const StepCost& cost) {
  nlohmann::json nodes = nlohmann::json::array();
  for (const NodeCost& node : cost.nodes) {
    nlohmann::json phases = nlohmann::json::object();
    for (std::size_t p = 0; p < kPhaseCount; ++p) {
      if (has_work(node.phases[p]))
        phases[std::string(kPhaseNames[p])] = phase_json(node.phases[p]);
    }
    nodes.push_back({{"node", node.node},
                     {"op_type", node.op_type},
                     {"layer", node.is_layer},
                     {"phases", phases}});
  }
  return {{"batch", cost.batch},
          {"energy_pj", cost.energy_pj},
          {"latency_cycles", cost.latency_cycles},
          {"latency_seconds", cost.latency_seconds},
          {"area_mm2", cost.area_mm2},
          {"area",
           {{"element_um2", cost.area.element_um2},
            {"array_mm2", cost.area.array_mm2},
            {"converters_mm2", cost.area.converters_mm2},
            {"memories_mm2", cost.area.memories_mm2},
            {"host_mm2", cost.area.host_mm2}}},
          {"nodes", nodes}};
}

}  // namespace mantissa
