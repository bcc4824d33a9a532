#pragma once

#include <cstdint>

#include "kernels/microkernel.h"

/// Operands of few bits in panels of several products a word, for instructions that take them at
/// once. Only the matrix products pack them, and only on CPUs that have the instruction.
namespace mantissa {

/// Values [depth][stride], of which the first `count` of each row are in use and the first `width`
/// are room in the panel to be packed.
struct PanelShape {
  std::int64_t depth = 0;
  int count = 0;
  int width = 0;  ///< kTileRows or tile_columns()
  std::int64_t stride = 0;
};

/// This CPU has the dot product of bfloat16 pairs, rounds it as two binary32 fused multiply-adds,
/// the upper half first, and the instruction set in force has its vectors.
bool has_bfloat16_dot();

/// What is true of values in pairs.
struct PairFacts {
  bool fits = true;   ///< each is a bfloat16
  int lowest = 0xFF;  ///< no exponent field but that of a zero is smaller

  void add(const PairFacts& other);

  /// Of products of values of which these and `other` hold: pairs multiply and add them as binary32
  /// does, with no subnormal number among the factors, the products and their sums.
  bool multiply_exactly(const PairFacts& other) const;
};

/// pairs[k / 2][width] <- values[k][stride], as bfloat16, k in the upper half of a word and k + 1
/// in the lower; +0 behind the last k and for columns that are not in use. `pairs` may be `values`,
/// if these are packed. What does not fit is cut off.
PairFacts pack_pairs(const float* values, const PanelShape& shape, float* pairs);

/// The binary32 fused chain, of a tile in pairs.
void multiply_pairs(const Tile& tile, const Accumulation& self);

}  // namespace mantissa
