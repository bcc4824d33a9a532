#pragma once

#include <cstdint>

namespace mantissa::bench {

/// Multiplies and adds binary32 numbers `count` times at least, in registers, as fast as the
/// processor's widest fused multiply-add can: the roof of every product.
void multiply_add_at_peak(std::int64_t count);

}  // namespace mantissa::bench
