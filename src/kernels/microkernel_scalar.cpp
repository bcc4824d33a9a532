#include "kernels/microkernel.h"

namespace mantissa {
void multiply_scalar(const Tile& tile, const Accumulation& self) {
  const int stride = tile_columns();
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      double sum = static_cast<double>(tile.sums[row * stride + column]);
      for (std::int64_t k = 0; k < tile.depth; ++k) {
        std::uint32_t random_product = 0;
        std::uint32_t random_sum = 0;
        if (tile.words != nullptr) {
          const std::uint64_t word = tile.words->rows[row] + tile.words->columns[column] +
                                     static_cast<std::uint64_t>(tile.first_k + k);
          random_product = random_bits(self.product_key, word);
          random_sum = random_bits(self.sum_key, word);
        }
        sum = multiply_accumulate(sum, tile.left[k * kTileRows + row],
                                  tile.right[k * stride + column], self.mac, random_product,
                                  random_sum);
      }
      tile.sums[row * stride + column] = static_cast<float>(sum);
    }
  }
}

void add_scalar(const Tile& tile, const Accumulation& self) {
  const int stride = tile_columns();
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      std::uint32_t random_sum = 0;
      if (tile.words != nullptr) {
        random_sum = random_bits(self.sum_key, tile.words->rows[row] + tile.words->columns[column] +
                                                   static_cast<std::uint64_t>(tile.first_k));
      }
      float& sum = tile.sums[row * stride + column];
      sum = static_cast<float>(multiply_accumulate(static_cast<double>(sum),
                                                   tile.right[row * stride + column], 1.0F,
                                                   self.mac, 0, random_sum));
    }
  }
}

}  // namespace mantissa
