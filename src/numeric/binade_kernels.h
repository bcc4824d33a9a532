#pragma once

#include <cstdint>
#include <span>

#include "numeric/quantize.h"

namespace mantissa {

/// Rounds each element of `source` to a tapered format by its `binade_table`, with the widest
/// vectors that the machine has. Random words and overlap as in `quantize`.
void quantize_by_binades(std::span<const float> source, std::span<float> destination,
                         const Quantization& quantization, RandomKey key,
                         std::uint64_t first_index);

}  // namespace mantissa
