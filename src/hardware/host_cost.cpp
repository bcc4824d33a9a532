#include <algorithm>

#include "hardware/converter.h"
#include "hardware/host_core.h"
#include "hardware/memory.h"
#include "hardware/phase_costs.h"

namespace mantissa {
namespace {

constexpr Quantization kBinary32{};

std::size_t index(ValueId value) {
  return static_cast<std::size_t>(value);
}

double elements(const Network& network, ValueId value) {
  return static_cast<double>(network.value_shapes[index(value)].elements());
}

/// Streams of one phase: elements through the core, bits through DRAM, conversions to and from
/// binary32.
struct Streams {
  HostWork work;
  double dram_bits = 0;
  double conversion_pj = 0;

  void load(const Accelerator& accelerator, double count, double bits, const Format& from) {
    work.transfers += count;
    dram_bits += count * bits;
    conversion_pj += count * converter_cost(accelerator.energy_pj, accelerator.random_energy_pj,
                                            from, kBinary32);
  }
  void store(const Accelerator& accelerator, double count, double bits, const Quantization& to) {
    work.transfers += count;
    dram_bits += count * bits;
    conversion_pj += count * converter_cost(accelerator.energy_pj, accelerator.random_energy_pj,
                                            kBinary32.format, to);
  }
};

void book(const CostContext& context, const Streams& streams, PhaseCost& cost) {
  add_host_work(context.accelerator, streams.work, streams.dram_bits, cost);
  cost.energy(Component::converter) += streams.conversion_pj;
  add_leakage(context.prices, cost);
}

void price_host_forward(const CostContext& context, const NetworkNode& node,
                        const OperatorWork& work, PhaseCost& cost) {
  const StoragePlan& storage = context.storage;
  Streams streams;
  for (const ValueId input : node.inputs) {
    if (input == kNoValue) continue;
    streams.load(context.accelerator, elements(context.network, input),
                 storage.value_bits[index(input)], storage.computed_format[index(input)]);
  }
  for (const ValueId output : node.outputs) {
    if (output == kNoValue || storage.value_bits[index(output)] == 0) continue;
    streams.store(context.accelerator, elements(context.network, output),
                  storage.value_bits[index(output)], context.assignment.vector);
  }
  streams.work.operations = static_cast<double>(work.elementwise_forward);
  streams.work.specials = static_cast<double>(work.special_forward);
  book(context, streams, cost);
}

void price_host_backward(const CostContext& context, const NetworkNode& node,
                         const OperatorWork& work, PhaseCost& cost) {
  const StoragePlan& storage = context.storage;
  Streams streams;
  bool wanted = false;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId input = node.inputs[i];
    if (input == kNoValue) continue;
    const double count = elements(context.network, input);
    const bool parameter = context.network.is_parameter(input);
    if (!parameter && !backward_needs_only_gradient(node.op_type)) {
      streams.load(context.accelerator, count, storage.value_bits[index(input)],
                   storage.computed_format[index(input)]);
    }
    if (!storage.needs_gradient[index(input)] || !node.op->differentiable(i)) continue;
    wanted = true;
    streams.store(context.accelerator, count, storage.gradient_bits[index(input)],
                  context.assignment.vector);
  }
  if (!wanted) return;
  const ValueId output = node.outputs.front();
  streams.load(context.accelerator, elements(context.network, output),
               storage.gradient_bits[index(output)], storage.gradient_format[index(output)].format);
  streams.work.operations = static_cast<double>(work.elementwise_backward);
  streams.work.specials = static_cast<double>(work.special_backward);
  book(context, streams, cost);
}

/// The element passes by on its way to DRAM or from it; its sign is kept for backward, in one bit.
void price_fused(const CostContext& context, const NetworkNode& node, const OperatorWork& work,
                 NodeCost& cost) {
  const auto output = index(node.outputs.front());
  const bool trains = context.storage.needs_gradient[output];
  const double bits = trains ? elements(context.network, node.outputs.front()) : 0;
  Streams forward;
  forward.work.operations = static_cast<double>(work.elementwise_forward);
  forward.dram_bits = bits;
  book(context, forward, cost.phases[static_cast<std::size_t>(Phase::forward)]);
  if (!trains) return;
  Streams backward;
  backward.work.operations = static_cast<double>(work.elementwise_backward);
  backward.dram_bits = bits;
  book(context, backward, cost.phases[static_cast<std::size_t>(Phase::backward_data)]);
}

}  // namespace

void add_host_work(const Accelerator& accelerator, const HostWork& work, double dram_bits,
                   PhaseCost& cost) {
  const double compute = host_cycles(accelerator, work);
  const double memory = dram_bits / accelerator.dram_bits_per_cycle();
  cost.energy(Component::host_core) += host_energy_pj(accelerator, work);
  cost.energy(Component::dram) += dram_bits * dram_pj_per_bit(accelerator);
  cost.dram_bytes += dram_bits / 8;
  cost.compute_cycles += compute;
  cost.memory_cycles += memory;
  cost.latency_cycles += std::max(compute, memory);
}

void add_leakage(const TilePrices& prices, PhaseCost& cost) {
  cost.energy(Component::leakage) = cost.latency_cycles * prices.leakage_pj_per_cycle;
}

void price_host_node(const CostContext& context, std::size_t node_index, NodeCost& cost) {
  const NetworkNode& node = context.network.nodes[node_index];
  if (is_view(node.op_type)) return;
  const OperatorWork work = node.op->work();
  if (context.storage.fused[node_index]) {
    price_fused(context, node, work, cost);
    return;
  }
  price_host_forward(context, node, work, cost.phases[static_cast<std::size_t>(Phase::forward)]);
  price_host_backward(context, node, work,
                      cost.phases[static_cast<std::size_t>(Phase::backward_data)]);
}

void price_update(const CostContext& context, std::size_t node_index, const UpdateWork& update,
                  std::set<ValueId>& updated, NodeCost& cost) {
  const NetworkNode& node = context.network.nodes[node_index];
  const LayerNumerics* layer = context.storage.layers[node_index];
  const Quantization& vector = context.assignment.vector;
  const Quantization& gradient = layer != nullptr ? layer->tensor(Role::weight_gradient) : vector;
  const Quantization& master = layer != nullptr ? layer->tensor(Role::master_weight) : vector;
  const Quantization& state = layer != nullptr ? layer->tensor(Role::optimizer_state) : vector;
  const Accelerator& accelerator = context.accelerator;
  Streams streams;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId input = node.inputs[i];
    if (!is_trained(context.network, input) || !node.op->differentiable(i)) continue;
    if (!updated.insert(input).second) continue;
    const double count = elements(context.network, input);
    streams.load(accelerator, count, storage_bits(gradient.format), gradient.format);
    streams.load(accelerator, count, storage_bits(master.format), master.format);
    streams.store(accelerator, count, storage_bits(master.format), master);
    streams.load(accelerator, update.state_tensors * count, storage_bits(state.format),
                 state.format);
    streams.store(accelerator, update.state_tensors * count, storage_bits(state.format), state);
    streams.work.operations += update.operations_per_parameter * count;
    streams.work.specials += update.specials_per_parameter * count;
    if (layer == nullptr || i != 1) continue;
    const Quantization& weight = layer->tensor(Role::weight);
    streams.conversion_pj +=
        count *
        converter_cost(accelerator.energy_pj, accelerator.random_energy_pj, master.format, weight);
    const ValueId activation = node.inputs[0];
    const bool has_backward_data =
        activation != kNoValue && context.storage.needs_gradient[index(activation)];
    if (!keeps_weight_copy(*layer, has_backward_data)) continue;
    streams.work.transfers += count;
    streams.dram_bits += count * storage_bits(weight);
  }
  book(context, streams, cost.phases[static_cast<std::size_t>(Phase::update)]);
}

}  // namespace mantissa
