#include "kernels/microkernel_words.h"

namespace mantissa {

// The words are written before they are read: clearing them would cost a tenth of making them.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
TileWords::TileWords(const Tile& tile, RandomKey key)
    : key_(key), rows_(tile.rows > 1 ? (tile.rows + 3) / 4 * 4 : 1), columns_(tile.columns) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; ++column) {
      chains_[row * kMaxTileColumns + column] = chain_of(tile, row, column);
    }
  }
}

template <class Fill>
void TileWords::fill(std::uint64_t k, const Fill& fill_words) {
  ChainWords request;
  request.block = k / kRoundingBlock;
  request.step_stride = kStepWords;
  // Rows in full use lie behind one another.
  const bool whole = columns_ == kMaxTileColumns;
  request.count = whole ? rows_ * kMaxTileColumns : columns_;
  request.chains = chains_;
  request.words = words_;
  for (int row = 0; row < (whole ? 1 : rows_); ++row) {
    fill_words(request);
    request.chains += kMaxTileColumns;
    request.words += kMaxTileColumns;
  }
}

const std::uint32_t* TileWords::make(std::uint64_t k, int random_bits) {
  fill(k, [&](const ChainWords& request) { fill_chain_words(request, key_, random_bits); });
  return words_ + k % kRoundingBlock * kStepWords;
}

const std::uint32_t* TileWords::make_halves(std::uint64_t k) {
  fill(k, [&](const ChainWords& request) { fill_chain_halves(request, key_); });
  return words_;
}

}  // namespace mantissa
