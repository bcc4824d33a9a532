#pragma once

#include <span>

namespace mantissa {

/// x * 0 is 0 for every finite x and NaN for the others, so one sum finds them all without a
/// branch.
inline bool all_finite(std::span<const float> values) {
  float sum = 0;
  for (const float value : values) sum += value * 0;
  return sum == 0;
}

}  // namespace mantissa
