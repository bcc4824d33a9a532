#pragma once

#include <span>

#include "numeric/mac.h"

namespace mantissa {

/// c + sum over k of a[k] * b[k] as `mac` describes it, by the kernels that `matmul` runs: the same
/// bits as `dot`, which says what becomes of `start`, c, and where random words lie.
float dot_product(float start, std::span<const float> a, std::span<const float> b, const Mac& mac,
                  RandomKey key = {}, std::uint64_t chain = 0);

}  // namespace mantissa
