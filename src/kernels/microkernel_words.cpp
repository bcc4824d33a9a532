#include "kernels/microkernel_words.h"

namespace mantissa {

// The words are written before they are read: clearing them would cost a tenth of making them.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
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
  request.chains = chains_;
  request.words = words_;
  for (int row = 0; row < (whole ? 1 : rows_); ++row) {
    fill_chain_words(request, key_);
    request.chains += kMaxTileColumns;
    request.words += kMaxTileColumns;
  }
  return words_ + k % kRoundingBlock * kStepWords;
}

}  // namespace mantissa
