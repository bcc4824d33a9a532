#include <algorithm>
#include <optional>

#include "hardware/adder.h"
#include "hardware/converter.h"
#include "hardware/memory.h"
#include "hardware/phase_costs.h"

namespace mantissa {
namespace {

/// A layer's values and formats, resolved once.
struct LayerView {
  const NetworkNode& node;
  const LayerNumerics& formats;
  OperatorWork work;
  bool weight_is_trained = false;
  bool has_backward_data = false;
  bool has_backward_weight = false;
  double input_elements = 0;
  double weight_elements = 0;
  double output_elements = 0;
  double bias_elements = 0;
  Operand activation{};  ///< as forward reads it
  Operand saved{};       ///< the same as backward-weight reads it
  Operand weight{};
  Operand error{};
  double activation_copy_bits =
      0;  ///< written for the backward pass, beside what the producer wrote
};

double elements(const Network& network, ValueId value) {
  return static_cast<double>(network.value_shapes[static_cast<std::size_t>(value)].elements());
}

Operand resident(double elements, double dram_bits, double scratchpad_bits) {
  return {.elements = elements,
          .dram_bits = dram_bits,
          .dram_reread_bits = dram_bits,
          .scratchpad_bits = scratchpad_bits};
}

/// The activation, and what of it is kept: a copy in its own format pays if writing and reading it
/// moves less than reading the stored value again.
void resolve_activation(const CostContext& context, LayerView& layer) {
  const double own = storage_bits(layer.formats.tensor(Role::activation));
  const ValueId input = layer.node.inputs[0];
  const double stored =
      input == kNoValue ? own : context.storage.value_bits[static_cast<std::size_t>(input)];
  const bool copies = layer.has_backward_weight && 2 * own < stored;
  const double kept = copies ? own : stored;
  layer.activation = {.elements = layer.input_elements,
                      .dram_bits = stored,
                      .dram_reread_bits = kept,
                      .scratchpad_bits = own};
  layer.saved = resident(layer.input_elements, kept, own);
  layer.activation_copy_bits = copies ? own * layer.input_elements : 0;
}

void resolve_weight(const CostContext& context, LayerView& layer) {
  const double own = storage_bits(layer.formats.tensor(Role::weight));
  const ValueId weight = layer.node.inputs[1];
  double stored = own;  // a weight that never changes is converted ahead
  if (layer.weight_is_trained) {
    const double master = storage_bits(layer.formats.tensor(Role::master_weight).format);
    stored = keeps_weight_copy(layer.formats, layer.has_backward_data) ? own : master;
  } else if (weight != kNoValue && !context.network.is_parameter(weight)) {
    stored = context.storage.value_bits[static_cast<std::size_t>(weight)];
  }
  layer.weight = resident(layer.weight_elements, stored, own);
}

/// An operand that is a constant of the model is no value of the network: its size follows from the
/// product.
double operand_elements(const CostContext& context, ValueId value, double from_product) {
  return value == kNoValue ? from_product : elements(context.network, value);
}

LayerView view_layer(const CostContext& context, std::size_t index) {
  const NetworkNode& node = context.network.nodes[index];
  LayerView layer{.node = node, .formats = *context.storage.layers[index], .work = node.op->work()};
  const ValueId input = node.inputs[0];
  const ValueId weight = node.inputs[1];
  const ValueId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoValue;
  const auto wanted = [&needs = context.storage.needs_gradient](ValueId value) {
    return value != kNoValue && needs[static_cast<std::size_t>(value)];
  };
  const ProductShape shape = layer.work.forward.value_or(ProductShape{});
  layer.weight_is_trained = is_trained(context.network, weight);
  layer.has_backward_data = wanted(input) && layer.work.backward_data.has_value();
  layer.has_backward_weight = wanted(weight) && layer.work.backward_weight.has_value();
  layer.input_elements =
      operand_elements(context, input, static_cast<double>(shape.m * shape.k * shape.count));
  layer.weight_elements =
      operand_elements(context, weight, static_cast<double>(shape.k * shape.n * shape.count));
  layer.output_elements = elements(context.network, node.outputs[0]);
  layer.bias_elements = operand_elements(context, bias, 0);
  layer.error = resident(layer.output_elements,
                         context.storage.gradient_bits[static_cast<std::size_t>(node.outputs[0])],
                         storage_bits(layer.formats.tensor(Role::error)));
  resolve_activation(context, layer);
  resolve_weight(context, layer);
  return layer;
}

/// One matrix product with the formats of its operands.
struct PricedProduct {
  ArrayProduct product;
  const Format& a;
  const Format& b;
  const Mac& mac;
};

void add_product(const CostContext& context, PricedProduct priced, PhaseCost& cost) {
  const Accelerator& accelerator = context.accelerator;
  const MacCost mac = mac_cost(accelerator.energy_pj, accelerator.random_energy_pj,
                               number_width(priced.a), number_width(priced.b), priced.mac);
  const std::int64_t macs = priced.product.shape.macs();
  const double multiplier_pj = static_cast<double>(macs) * mac.multiplier;
  const double accumulator_pj = static_cast<double>(macs) * mac.accumulator;
  priced.product.arithmetic_pj = multiplier_pj + accumulator_pj;
  const ArraySchedule schedule = schedule_product(priced.product, accelerator, context.prices);
  cost.macs += macs;
  cost.energy(Component::multiplier) += multiplier_pj;
  cost.energy(Component::accumulator) += accumulator_pj;
  cost.energy(Component::registers) += schedule.register_bits * context.prices.register_pj_per_bit;
  cost.energy(Component::scratchpad) +=
      schedule.scratchpad_bits * context.prices.scratchpad_pj_per_bit;
  cost.energy(Component::accumulator_memory) +=
      schedule.accumulator_bits * context.prices.accumulator_pj_per_bit;
  cost.energy(Component::dram) += schedule.dram_bits * context.prices.dram_pj_per_bit;
  cost.dram_bytes += schedule.dram_bits / 8;
  cost.scratchpad_bytes += schedule.scratchpad_bits / 8;
  cost.tiles += schedule.tiles;
  cost.compute_cycles += schedule.compute_cycles;
  cost.memory_cycles += schedule.memory_cycles;
  cost.latency_cycles += schedule.latency_cycles;
}

/// Traffic beside the product's: it takes bandwidth that the product's tiles leave, or else time.
void add_traffic(const CostContext& context, double bits, PhaseCost& cost) {
  const double cycles = bits / context.accelerator.dram_bits_per_cycle();
  const double slack = std::max(0.0, cost.compute_cycles - cost.memory_cycles);
  cost.energy(Component::dram) += bits * context.prices.dram_pj_per_bit;
  cost.dram_bytes += bits / 8;
  cost.memory_cycles += cycles;
  cost.latency_cycles += std::max(0.0, cycles - slack);
}

void add_conversions(const CostContext& context, double count, const Format& from,
                     const Quantization& to, PhaseCost& cost) {
  cost.energy(Component::converter) +=
      count *
      converter_cost(context.accelerator.energy_pj, context.accelerator.random_energy_pj, from, to);
}

/// Additions at the array's edge: a bias preloaded, its gradient summed.
void add_edge_sums(const CostContext& context, std::int64_t count, const Mac& mac,
                   PhaseCost& cost) {
  const NumberWidth width = number_width(result_format(mac).format);
  cost.energy(Component::accumulator) +=
      static_cast<double>(count) * adder_cost(context.accelerator.energy_pj, width, width);
}

double sum_bits(const Format& a, const Format& b, const Mac& mac) {
  return spilled_sum_bits(number_width(a), number_width(b), mac);
}

void price_forward(const CostContext& context, const LayerView& layer, PhaseCost& cost) {
  const Mac& mac = layer.formats.mac(Role::mac_forward);
  const Format& activation = layer.formats.tensor(Role::activation).format;
  const Format& weight = layer.formats.tensor(Role::weight).format;
  const auto output = static_cast<std::size_t>(layer.node.outputs[0]);
  const ArrayProduct product{.shape = *layer.work.forward,
                             .a = layer.activation,
                             .b = layer.weight,
                             .result_elements = layer.output_elements,
                             .result_bits = context.storage.value_bits[output],
                             .accumulator_bits = sum_bits(activation, weight, mac)};
  add_product(context, {product, activation, weight, mac}, cost);
  const double bias_bits =
      storage_bits(layer.formats.tensor(Role::master_weight).format) * layer.bias_elements;
  add_traffic(context, layer.activation_copy_bits + bias_bits, cost);
  add_edge_sums(context, layer.work.elementwise_forward, mac, cost);
  const ValueId input = layer.node.inputs[0];
  if (input != kNoValue) {
    add_conversions(context, layer.input_elements,
                    context.storage.computed_format[static_cast<std::size_t>(input)],
                    layer.formats.tensor(Role::activation), cost);
  }
  add_conversions(context, layer.output_elements, result_format(mac).format,
                  layer.formats.tensor(Role::output), cost);
}

void price_backward_data(const CostContext& context, const LayerView& layer, PhaseCost& cost) {
  const Mac& mac = layer.formats.mac(Role::mac_backward_data);
  const auto input = static_cast<std::size_t>(layer.node.inputs[0]);
  const ArrayProduct product{
      .shape = *layer.work.backward_data,
      .a = layer.error,
      .b = layer.weight,
      .result_elements = layer.input_elements,
      .result_bits = context.storage.gradient_bits[input],
      .accumulator_bits = sum_bits(layer.formats.tensor(Role::error).format,
                                   layer.formats.tensor(Role::weight).format, mac)};
  add_product(context,
              {product, layer.formats.tensor(Role::error).format,
               layer.formats.tensor(Role::weight).format, mac},
              cost);
  add_conversions(context, layer.input_elements, result_format(mac).format,
                  context.assignment.vector, cost);
}

void price_backward_weight(const CostContext& context, const LayerView& layer, PhaseCost& cost) {
  const Mac& mac = layer.formats.mac(Role::mac_backward_weight);
  const ProductShape& shape = *layer.work.backward_weight;
  // The operand whose matrix has exactly the output's elements is the error; the other one is the
  // activation.
  const bool error_is_streamed =
      static_cast<double>(shape.m * shape.k * shape.count) == layer.output_elements;
  const Quantization& gradient = layer.formats.tensor(Role::weight_gradient);
  const double gradient_bits =
      layer.weight_is_trained
          ? storage_bits(gradient.format)
          : context.storage.gradient_bits[static_cast<std::size_t>(layer.node.inputs[1])];
  const ArrayProduct product{
      .shape = shape,
      .a = error_is_streamed ? layer.error : layer.saved,
      .b = error_is_streamed ? layer.saved : layer.error,
      .result_elements = layer.weight_elements,
      .result_bits = gradient_bits,
      .accumulator_bits = sum_bits(layer.formats.tensor(Role::activation).format,
                                   layer.formats.tensor(Role::error).format, mac)};
  add_product(context,
              {product, layer.formats.tensor(Role::activation).format,
               layer.formats.tensor(Role::error).format, mac},
              cost);
  add_traffic(context, layer.bias_elements * gradient_bits, cost);
  add_edge_sums(context, layer.work.elementwise_backward, mac, cost);
  add_conversions(context, layer.weight_elements + layer.bias_elements, result_format(mac).format,
                  gradient, cost);
}

}  // namespace

bool keeps_weight_copy(const LayerNumerics& layer, bool has_backward_data) {
  const double reads = has_backward_data ? 2 : 1;
  const double own = storage_bits(layer.tensor(Role::weight));
  const double master = storage_bits(layer.tensor(Role::master_weight).format);
  return own * (1 + reads) < master * reads;
}

void price_layer(const CostContext& context, std::size_t node, NodeCost& cost) {
  const LayerView layer = view_layer(context, node);
  if (layer.work.forward) price_forward(context, layer, cost.phases[0]);
  PhaseCost& backward_data = cost.phases[static_cast<std::size_t>(Phase::backward_data)];
  PhaseCost& backward_weight = cost.phases[static_cast<std::size_t>(Phase::backward_weight)];
  if (layer.has_backward_data) price_backward_data(context, layer, backward_data);
  if (layer.has_backward_weight) price_backward_weight(context, layer, backward_weight);
  if (layer.has_backward_data || layer.has_backward_weight) {
    // The error is rounded once, as it arrives.
    add_conversions(context, layer.output_elements, context.assignment.vector.format,
                    layer.formats.tensor(Role::error),
                    layer.has_backward_data ? backward_data : backward_weight);
  }
  for (PhaseCost& phase : cost.phases) add_leakage(context.prices, phase);
}

}  // namespace mantissa
