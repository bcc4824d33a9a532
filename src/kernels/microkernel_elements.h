#pragma once

#include "kernels/microkernel.h"

/// What the kernels that take one element of a tile at a time share.
namespace mantissa {

struct Factors {
  float left;
  float right;
};

/// The factors of product k of the tile's depth.
inline Factors factors(const Tile& tile, std::int64_t k, int row, int column) {
  const std::int64_t stride = tile_columns();
  switch (tile.layout) {
    case TileLayout::outer:
      return {tile.left[k * kTileRows + row], tile.right[k * stride + column]};
    case TileLayout::strip:
      return {tile.left[k], tile.right[tile.offsets[k] + row * stride + column]};
    case TileLayout::channels:
      break;
  }
  return {tile.left[k * tile.left_step + column],
          tile.right[k * tile.right_step + tile.offsets[row] + column]};
}

/// The place of an element's random words, of its product `tile.first_k`.
inline std::uint64_t word_position(const Tile& tile, int row, int column) {
  const WordPositions& words = *tile.words;
  return words.rows[row] + words.columns[row * words.column_step + column] +
         static_cast<std::uint64_t>(tile.first_k);
}

/// Floats from one plane of a tile's state to the next.
inline std::int64_t plane_size() {
  return std::int64_t{kTileRows} * tile_columns();
}

/// Calls visit(row, column, place of the element in a plane) for each element in use.
template <class Visit>
void for_each_element(const Tile& tile, Visit visit) {
  const int stride = tile_columns();
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      visit(row, column, std::int64_t{row} * stride + column);
    }
  }
}

}  // namespace mantissa
