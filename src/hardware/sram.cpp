#include <algorithm>

#include "hardware/memory.h"

namespace mantissa {

double sram_pj_per_bit(const Accelerator& accelerator, const SramMacro& memory) {
  const double kibibytes = memory.kibibytes / memory.banks;
  const auto& points = accelerator.sram_access;
  std::size_t upper = 1;
  while (upper + 1 < points.size() && points[upper].kibibytes < kibibytes) ++upper;
  const PowerLaw law =
      PowerLaw::through(points[upper - 1].kibibytes, points[upper - 1].pj_per_64_bits,
                        points[upper].kibibytes, points[upper].pj_per_64_bits);
  return law(kibibytes) / 64;
}

}  // namespace mantissa
