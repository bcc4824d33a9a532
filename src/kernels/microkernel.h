#pragma once

#include <cstdint>

#include "numeric/mac.h"

namespace mantissa {

/// Rows of a tile of the output: the left operand's panels hold this many rows.
constexpr int kTileRows = 8;

/// Columns of a tile: the right operand's panels hold this many. A multiple of the vector length of
/// this CPU, at most kMaxTileColumns; no result depends on it.
int tile_columns();
constexpr int kMaxTileColumns = 48;

/// Where the random words of a tile's elements lie in their streams: element (row, column) takes
/// word rows[row] + columns[column] + k for product k of its chain (modulo 2^64).
struct WordPositions {
  std::uint64_t rows[kTileRows] = {};
  std::uint64_t columns[kMaxTileColumns] = {};
};

/// Continues the chains of one tile by the products k in [first_k, first_k + depth).
struct Tile {
  const float* left = nullptr;   ///< [depth][kTileRows]
  const float* right = nullptr;  ///< [depth][tile_columns()]
  float* sums = nullptr;  ///< [kTileRows][tile_columns()], the accumulators; read and written
  std::int64_t depth = 0;
  std::int64_t first_k = 0;
  int rows = kTileRows;  ///< rows and columns in use; the others may hold anything
  int columns = 0;
  const WordPositions* words = nullptr;  ///< null unless the mac rounds stochastically
};

/// A chain without chunks, made ready: the cheapest kernel that is proven to give its bits.
struct Accumulation {
  Mac mac;
  RandomKey product_key;
  RandomKey sum_key;
  /// sums <- A(sums + P(left * right)), for each k.
  void (*multiply)(const Tile& tile, const Accumulation& self) = nullptr;
  /// sums <- A(sums + right), once; right is [kTileRows][tile_columns()].
  void (*add)(const Tile& tile, const Accumulation& self) = nullptr;
};

/// A `Mac` made ready.
struct PreparedMac {
  Accumulation inner;  ///< the sums within a chunk, or all of a chain without chunks
  Accumulation outer;  ///< the sums of the chunks
  std::int64_t chunk = 0;
  bool stochastic = false;
};
PreparedMac prepare(const Mac& mac, RandomKey key);

/// The binary32 fused chain.
void multiply_fp32(const Tile& tile, const Accumulation& self);
void add_fp32(const Tile& tile, const Accumulation& self);

/// Any chain, one element at a time through `multiply_accumulate`: for what no vector kernel
/// covers.
void multiply_scalar(const Tile& tile, const Accumulation& self);
void add_scalar(const Tile& tile, const Accumulation& self);

}  // namespace mantissa
