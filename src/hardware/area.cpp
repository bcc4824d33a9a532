#include <algorithm>

#include "hardware/adder.h"
#include "hardware/converter.h"
#include "hardware/cost.h"

namespace mantissa {
namespace {

constexpr double kMm2PerUm2 = 1e-6;

/// The largest part of each kind that some layer needs.
struct Element {
  double multiplier_um2 = 0;
  double accumulator_um2 = 0;
  double operand_bits = 0;
  double sum_bits = 0;
  double converter_um2 = 0;
};

void serve_product(const Accelerator& accelerator, const Format& a, const Format& b, const Mac& mac,
                   Element& element) {
  const NumberWidth width_a = number_width(a);
  const NumberWidth width_b = number_width(b);
  const MacCost area =
      mac_area(accelerator.area_um2, accelerator.random_area_um2, width_a, width_b, mac);
  element.multiplier_um2 = std::max(element.multiplier_um2, area.multiplier);
  element.accumulator_um2 = std::max(element.accumulator_um2, area.accumulator);
  element.operand_bits =
      std::max({element.operand_bits, width_a.storage_bits, width_b.storage_bits});
  element.sum_bits = std::max(element.sum_bits, partial_sum_bits(width_a, width_b, mac));
}

void serve_conversion(const Accelerator& accelerator, const Format& from, const Quantization& to,
                      Element& element) {
  element.converter_um2 =
      std::max(element.converter_um2,
               converter_cost(accelerator.area_um2, accelerator.random_area_um2, from, to));
}

void serve_layer(const Accelerator& accelerator, const LayerNumerics& layer,
                 const Quantization& vector, Element& element) {
  const Format& weight = layer.tensor(Role::weight).format;
  const Format& activation = layer.tensor(Role::activation).format;
  const Format& error = layer.tensor(Role::error).format;
  serve_product(accelerator, activation, weight, layer.mac(Role::mac_forward), element);
  serve_product(accelerator, error, weight, layer.mac(Role::mac_backward_data), element);
  serve_product(accelerator, activation, error, layer.mac(Role::mac_backward_weight), element);
  serve_conversion(accelerator, vector.format, layer.tensor(Role::activation), element);
  serve_conversion(accelerator, vector.format, layer.tensor(Role::error), element);
  serve_conversion(accelerator, layer.tensor(Role::master_weight).format,
                   layer.tensor(Role::weight), element);
  serve_conversion(accelerator, result_format(layer.mac(Role::mac_forward)).format,
                   layer.tensor(Role::output), element);
  serve_conversion(accelerator, result_format(layer.mac(Role::mac_backward_data)).format, vector,
                   element);
  serve_conversion(accelerator, result_format(layer.mac(Role::mac_backward_weight)).format,
                   layer.tensor(Role::weight_gradient), element);
}

}  // namespace

Area area_of(const Assignment& assignment, const Accelerator& accelerator) {
  Element element;
  for (const LayerNumerics& layer : assignment.layers)
    serve_layer(accelerator, layer, assignment.vector, element);
  // Registers: the stationary operand twice (the next fold loads while this one works), the
  // streamed one, the partial sum.
  const double register_bits = 3 * element.operand_bits + element.sum_bits;
  Area area;
  area.element_um2 = element.multiplier_um2 + element.accumulator_um2 +
                     register_bits * accelerator.register_um2_per_bit;
  area.array_mm2 = kMm2PerUm2 * area.element_um2 * accelerator.rows * accelerator.columns;
  area.converters_mm2 =
      kMm2PerUm2 * element.converter_um2 * (accelerator.rows + accelerator.columns);
  area.memories_mm2 =
      (accelerator.scratchpad.kibibytes + accelerator.accumulator_memory.kibibytes) *
      accelerator.sram_mm2_per_kibibyte;
  area.host_mm2 = accelerator.host_mm2;
  return area;
}

}  // namespace mantissa
