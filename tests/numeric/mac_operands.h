#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "numeric/format.h"
#include "numeric/quantize.h"
#include "numeric/rounding_grid.h"
#include "support/random.h"

/// Operands of one multiply-accumulate, for comparison with MPFR.
namespace mantissa {

inline bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Operands of which some sums cancel, some tie, some have a tail far below.
struct Operands {
  double accumulator;
  float a;
  float b;
};

/// `count` draws from draw `first` on, two of each.
inline std::vector<Operands> drawn_operands(const Format& format, std::uint64_t first,
                                            std::uint64_t count) {
  const RoundingGrid grid = rounding_grid(format);
  std::vector<Operands> operands;
  const auto range = static_cast<std::uint32_t>(
      std::min(grid.max_exponent - grid.min_quantum_exponent() + 4, 250));
  for (std::uint64_t i = first; i < first + count; ++i) {
    const auto draw = [&](std::uint64_t j, std::uint32_t bound) {
      return random_below({31}, 8 * i + j, bound);
    };
    const int exponent =
        std::max(grid.min_quantum_exponent() - 2 + static_cast<int>(draw(0, range)), -140);
    const double size = std::ldexp(1.0, std::min(exponent, 127));
    const double accumulator = round_to_format(random_normal({32}, i) * size, format, {});
    // The product's size: like the accumulator's, or far from it.
    const int apart = static_cast<int>(draw(1, 60)) - 30;
    const int split = static_cast<int>(draw(2, 40)) - 20;
    auto a = static_cast<float>(std::ldexp(random_normal({33}, i), split));
    const auto b = static_cast<float>(std::ldexp(size * random_normal({34}, i), apart - split));
    if (draw(3, 3) == 0) a = std::ldexp(1.0F, split);
    operands.push_back({std::isfinite(accumulator) ? accumulator : 1, a, b});
    operands.push_back({-static_cast<double>(a) * static_cast<double>(b), a, b});  // cancels
  }
  return operands;
}

/// The same, and all special values.
inline std::vector<Operands> operands_for(const Format& format, std::uint64_t first,
                                          std::uint64_t count) {
  std::vector<Operands> operands = drawn_operands(format, first, count);
  using Limits = std::numeric_limits<float>;
  const float specials[] = {0.0F,
                            -0.0F,
                            1.0F,
                            -1.0F,
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            Limits::denorm_min(),
                            Limits::max(),
                            -Limits::max()};
  for (const float a : specials) {
    for (const float b : specials) {
      for (const float c : specials) operands.push_back({static_cast<double>(c), a, b});
    }
  }
  return operands;
}

}  // namespace mantissa
