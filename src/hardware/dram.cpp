#include "hardware/memory.h"

namespace mantissa {

double dram_pj_per_bit(const Accelerator& accelerator) {
  return accelerator.dram_pj_per_64_bits / 64;
}

}  // namespace mantissa
