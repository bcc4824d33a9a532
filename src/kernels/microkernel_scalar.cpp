#include <algorithm>

#include "kernels/microkernel_elements.h"

namespace mantissa {

Tile Tile::from_column(int column, int count) const {
  Tile part = *this;
  part.words = nullptr;
  part.columns = std::min(columns - column, count);
  part.sums += column;
  part.right += column;
  if (layout == TileLayout::channels) part.left += column;
  return part;
}

void Tile::advance(std::int64_t count) {
  first_k += count;
  switch (layout) {
    case TileLayout::outer: {
      const std::int64_t together =
          form == PanelForm::pairs ? 2 : (form == PanelForm::quads ? 4 : 1);
      const std::int64_t steps = (count + together - 1) / together;
      left += steps * kTileRows;
      right += steps * tile_columns();
      break;
    }
    case TileLayout::strip:
      left += count;
      offsets += count;
      break;
    case TileLayout::channels:
      left += count * left_step;
      right += count * right_step;
      break;
  }
}

void multiply_scalar(const Tile& tile, const Accumulation& self) {
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const ElementWords words(tile, row, column);
    auto sum = static_cast<double>(tile.sums[at]);
    for (std::int64_t k = 0; k < tile.depth; ++k) {
      const auto [left, right] = factors(tile, k, row, column);
      sum = multiply_accumulate(sum, left, right, self.mac, words.word(self.product_key, k),
                                words.word(self.sum_key, k));
    }
    tile.sums[at] = static_cast<float>(sum);
  });
}

void add_scalar(const Tile& tile, const Accumulation& self) {
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const std::uint32_t random = ElementWords(tile, row, column).word(self.sum_key, 0);
    tile.sums[at] = static_cast<float>(add_rounded(static_cast<double>(tile.sums[at]),
                                                   static_cast<double>(tile.right[at]),
                                                   self.mac.accumulator, random));
  });
}

}  // namespace mantissa
