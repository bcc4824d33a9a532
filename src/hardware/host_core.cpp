#include "hardware/host_core.h"

#include <algorithm>
#include <array>

#include "hardware/adder.h"
#include "hardware/multiplier.h"

namespace mantissa {
namespace {

constexpr std::array<std::string_view, 5> kViews = {"Flatten", "Identity", "Reshape", "Squeeze",
                                                    "Unsqueeze"};
constexpr std::array<std::string_view, 9> kLinear = {
    "Add",        "AveragePool", "Concat", "GlobalAveragePool", "Pad",
    "ReduceMean", "Slice",       "Sub",    "Transpose"};

constexpr std::array<std::string_view, 5> kSelecting = {"MaxPool", "Pad", "Relu", "Slice",
                                                        "Transpose"};

struct Instructions {
  double all = 0;
  double arithmetic = 0;
};

Instructions instructions(const Accelerator& accelerator, const HostWork& work) {
  const double arithmetic = work.operations * accelerator.host_instructions_per_operation +
                            work.specials * accelerator.host_instructions_per_special;
  return {.all = arithmetic + work.transfers * accelerator.host_instructions_per_transfer,
          .arithmetic = arithmetic};
}

}  // namespace

double host_cycles(const Accelerator& accelerator, const HostWork& work) {
  return instructions(accelerator, work).all / accelerator.host_lanes *
         accelerator.host_cycles_per_instruction;
}

double host_energy_pj(const Accelerator& accelerator, const HostWork& work) {
  const Instructions count = instructions(accelerator, work);
  const NumberWidth fp32;
  const ArithmeticLaw& law = accelerator.energy_pj;
  const double operation = (multiplier_cost(law, fp32, fp32) + adder_cost(law, fp32, fp32)) / 2;
  return count.all / accelerator.host_lanes * accelerator.host_pj_per_instruction +
         count.arithmetic * operation;
}

bool is_view(std::string_view op_type) {
  return std::find(kViews.begin(), kViews.end(), op_type) != kViews.end();
}

bool keeps_format(std::string_view op_type) {
  return std::find(kSelecting.begin(), kSelecting.end(), op_type) != kSelecting.end();
}

bool backward_needs_only_gradient(std::string_view op_type) {
  return std::find(kLinear.begin(), kLinear.end(), op_type) != kLinear.end();
}

}  // namespace mantissa
