#pragma once

#include "numeric/rounding.h"
#include "numeric/rounding_grid.h"

namespace mantissa {

/// How the kernels round scaled elements; where more than one way serves, all give the same bits.
enum class ScaledMethod {
  power,  ///< in binary32, multiplying by the reciprocals of scales that are powers of two
  real,   ///< in binary32, by quotients with their remainders, where a scale is in range
  wide,   ///< in binary64
};

/// Scales by which quotients are computed in binary32: neither they nor what remains of an element
/// vanishes. Smaller and larger ones take binary64.
constexpr float kMinQuotientScale = 0x1p-60F;
constexpr float kMaxQuotientScale = 0x1p100F;

/// What the kernels know of a ScaledRounder.
struct ScaledRounding {
  RoundingGrid grid;  ///< of the elements, symmetric and saturating
  RoundingMode mode;
  float infinite = 0;  ///< what an infinite element becomes
  float cut = 0;       ///< a power of two, beyond the largest element
  ScaledMethod method = ScaledMethod::wide;
};

}  // namespace mantissa
