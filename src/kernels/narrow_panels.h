#pragma once

#include <cstdint>
#include <optional>

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

/// This CPU has the dot product of bytes, and the instruction set in force has its vectors.
bool has_byte_dot();

/// The largest N for which a sum by `mac` holds every n * 2^quantum_exponent, |n| <= N, as it is,
/// and a binary32 too: while no sum of products is larger, integers may be added in its place. 0 if
/// there is none.
std::int64_t exact_integers(const Mac& mac, int quantum_exponent);

/// The quantum of which values are small whole multiples, by its exponent. `pack_left_quads` and
/// `pack_right_quads` say whether they all are.
std::optional<int> quantum_of(const OperandFacts& facts);

struct QuadFacts {
  bool fits = true;            ///< each value is n * 2^quantum_exponent with n in [-128, 127]
  std::int64_t magnitude = 0;  ///< the largest sum of |n| of an item

  void add(const QuadFacts& other);
};

/// quads[k / 4][kTileRows] <- values[k][stride], as bytes n + 128, the earliest in the lowest bits;
/// n = 0 behind the last k and for items that are not in use.
QuadFacts pack_left_quads(const float* values, const PanelShape& shape, int quantum_exponent,
                          float* quads);

/// The same as bytes n, for tile_columns() columns, with 128 times each column's sum of n in a row
/// behind the last. True if all fit.
bool pack_right_quads(const float* values, const PanelShape& shape, int quantum_exponent,
                      float* quads);

/// sums <- sums + left * right, of a tile in quads, the sums as integers of 32 bits.
void multiply_quads(const Tile& tile);

/// sums <- sums * 2^quantum_exponent, from integers to binary32.
void integers_to_binary32(float* sums, std::int64_t count, int quantum_exponent);

}  // namespace mantissa
