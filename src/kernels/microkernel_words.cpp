#include "kernels/microkernel_words.h"

namespace mantissa {

TileWords::TileWords(const Tile& tile, RandomKey key, int random_bits, int shift)
    : key_(key),
      rows_(tile.rows > 1 ? (tile.rows + 3) / 4 * 4 : 1),
      columns_(tile.columns),
      random_bits_(random_bits),
      shift_(shift) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      chains_[row * kMaxTileColumns + column] = chain_of(tile, row, column);
    }
  }
}

const std::uint32_t* TileWords::make(std::uint64_t k) {
  ChainWords request;
  request.block = k / kRoundingBlock;
  request.random_bits = random_bits_;
  request.shift = shift_;
  request.step_stride = kStepWords;
  // Rows in full use lie behind one another.
  const bool whole = columns_ == kMaxTileColumns;
  request.count = whole ? rows_ * kMaxTileColumns : columns_;
  for (int row = 0; row < (whole ? 1 : rows_); ++row) {
    request.chains = chains_ + row * kMaxTileColumns;
    request.words = words_ + row * kMaxTileColumns;
    fill_chain_words(request, key_);
  }
  return words_ + k % kRoundingBlock * kStepWords;
}

}  // namespace mantissa
