#pragma once

#include <array>

#include "kernels/microkernel.h"
#include "kernels/microkernel_words.h"

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

/// The random words of one element of a tile, zeros where the tile has none.
class ElementWords {
 public:
  ElementWords(const Tile& tile, int row, int column)
      : used_(tile.words != nullptr),
        chain_(used_ ? chain_of(tile, row, column) : 0),
        first_k_(tile.first_k) {}

  /// Of product k of the tile's depth; negative ones are those before.
  std::uint32_t word(RandomKey key, std::int64_t k) const {
    return used_ ? rounding_word(key, static_cast<std::uint64_t>(first_k_ + k), chain_) : 0;
  }
  std::array<std::uint32_t, 4> compensated(RandomKey key, std::int64_t k) const {
    if (!used_) return {};
    const auto first = 4 * static_cast<std::uint64_t>(first_k_ + k);
    return {rounding_word(key, first, chain_), rounding_word(key, first + 1, chain_),
            rounding_word(key, first + 2, chain_), rounding_word(key, first + 3, chain_)};
  }

 private:
  bool used_;
  std::uint64_t chain_;
  std::int64_t first_k_;
};

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
