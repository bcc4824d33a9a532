#pragma once

#include <cstdint>
#include <span>

#include "numeric/rounding.h"
#include "numeric/rounding_grid.h"
#include "support/random.h"

namespace mantissa {

/// Rounds each element of `source` on the grid into `destination`, with the widest vectors that the
/// machine has. Random words and overlap as in `quantize`.
void quantize_on_grid(std::span<const float> source, std::span<float> destination,
                      const RoundingGrid& grid, RoundingMethod method, RoundingMode mode,
                      RandomKey key, std::uint64_t first_index);

/// `random_bits(key, first_index + i)` for each i, vectorised.
void fill_random_bits(std::span<std::uint32_t> words, RandomKey key, std::uint64_t first_index);

}  // namespace mantissa
