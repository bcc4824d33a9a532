#pragma once

#include <cstdint>
#include <cstring>

namespace mantissa {

// Short runs are frequent in packing: a call of memcpy or memset for each would cost more than the
// run itself. Whole vectors are of known size, so the compiler writes instructions for them, and
// the last one overlaps.

inline void copy_run(const float* from, std::int64_t count, float* to) {
  if (count >= 8) {
    for (std::int64_t i = 0; i + 8 < count; i += 8)
      std::memcpy(to + i, from + i, 8 * sizeof(float));
    std::memcpy(to + count - 8, from + count - 8, 8 * sizeof(float));
  } else if (count >= 4) {
    float last[4];
    std::memcpy(last, from + count - 4, sizeof(last));
    std::memcpy(to, from, sizeof(last));
    std::memcpy(to + count - 4, last, sizeof(last));
  } else if (count > 0) {
    to[0] = from[0];
    if (count > 1) to[1] = from[1];
    if (count > 2) to[2] = from[2];
  }
}

inline void clear_run(std::int64_t count, float* to) {
  constexpr float kZeros[8] = {};
  if (count >= 8) {
    for (std::int64_t i = 0; i + 8 < count; i += 8) std::memcpy(to + i, kZeros, sizeof(kZeros));
    std::memcpy(to + count - 8, kZeros, sizeof(kZeros));
  } else if (count >= 4) {
    std::memcpy(to, kZeros, sizeof(kZeros) / 2);
    std::memcpy(to + count - 4, kZeros, sizeof(kZeros) / 2);
  } else if (count > 0) {
    to[0] = 0;
    if (count > 1) to[1] = 0;
    if (count > 2) to[2] = 0;
  }
}

}  // namespace mantissa
