#include "numeric/quantize.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "numeric/binade_kernels.h"
#include "numeric/binade_table.h"
#include "numeric/family.h"
#include "numeric/log_kernels.h"
#include "numeric/quantize_kernels.h"

namespace mantissa {
namespace {

bool is_logarithmic(const Format& format) {
  return std::visit(
      [](const auto& parameters) {
        return family::Logarithmic<std::decay_t<decltype(parameters)>>;
      },
      format.parameters());
}

}  // namespace

double round_to_format(double value, const Format& format, RoundingMode rounding,
                       std::uint32_t random) {
  if (std::isnan(value)) return value;
  return std::visit(
      [&](const auto& parameters) {
        if (std::isinf(value)) return family::overflow(parameters, std::signbit(value));
        if (value == 0) return family::has_negative_zero(parameters) ? value : 0.0;
        return family::round(parameters, exact_value(value), rounding, random);
      },
      format.parameters());
}

double round_exact(const ExactValue& value, const Quantization& to, std::uint32_t random) {
  return std::visit(
      [&](const auto& parameters) { return family::round(parameters, value, to.rounding, random); },
      to.format.parameters());
}

void quantize(std::span<float> values, const Quantization& quantization, RandomKey key,
              std::uint64_t first_index) {
  quantize(values, values, quantization, key, first_index);
}

void quantize(std::span<const float> source, std::span<float> destination,
              const Quantization& quantization, RandomKey key, std::uint64_t first_index) {
  assert(source.size() == destination.size());
  if (quantization.is_identity()) {
    if (source.data() != destination.data())
      std::copy(source.begin(), source.end(), destination.begin());
    return;
  }
  if (is_logarithmic(quantization.format)) {
    quantize_by_logarithms(source, destination, quantization, key, first_index);
    return;
  }
  if (is_tapered(quantization.format)) {
    quantize_by_binades(source, destination, quantization, key, first_index);
    return;
  }
  const RoundingGrid grid = rounding_grid(quantization.format);
  quantize_on_grid(source, destination, grid, rounding_method(grid), quantization.rounding, key,
                   first_index);
}

}  // namespace mantissa
