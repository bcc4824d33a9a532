#include "kernels/microkernel_elements.h"

namespace mantissa {

void Tile::advance(std::int64_t count) {
  first_k += count;
  switch (layout) {
    case TileLayout::outer:
      left += count * kTileRows;
      right += count * tile_columns();
      break;
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
    auto sum = static_cast<double>(tile.sums[at]);
    for (std::int64_t k = 0; k < tile.depth; ++k) {
      std::uint32_t random_product = 0;
      std::uint32_t random_sum = 0;
      if (tile.words != nullptr) {
        const std::uint64_t position =
            word_position(tile, row, column) + static_cast<std::uint64_t>(k);
        random_product = random_bits(self.product_key, position);
        random_sum = random_bits(self.sum_key, position);
      }
      const auto [left, right] = factors(tile, k, row, column);
      sum = multiply_accumulate(sum, left, right, self.mac, random_product, random_sum);
    }
    tile.sums[at] = static_cast<float>(sum);
  });
}

void add_scalar(const Tile& tile, const Accumulation& self) {
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const std::uint32_t random =
        tile.words == nullptr ? 0 : random_bits(self.sum_key, word_position(tile, row, column));
    tile.sums[at] = static_cast<float>(add_rounded(static_cast<double>(tile.sums[at]),
                                                   static_cast<double>(tile.right[at]),
                                                   self.mac.accumulator, random));
  });
}

}  // namespace mantissa
