#pragma once

#include <cstdint>

#include "kernels/microkernel.h"
#include "numeric/rounding_words.h"

namespace mantissa {

/// Words of one step of the reduction: [kTileRows][kMaxTileColumns].
constexpr int kStepWords = kTileRows * kMaxTileColumns;

/// The random words of a tile's chains, made for a block of steps at a time.
class TileWords {
 public:
  /// Of each word the first `random_bits` are kept and shifted to the right by `shift`.
  TileWords(const Tile& tile, RandomKey key, int random_bits, int shift);

  /// Makes the words of the steps [block * kRoundingBlock, (block + 1) * kRoundingBlock), and
  /// returns where those of step k begin.
  const std::uint32_t* make(std::uint64_t k);

 private:
  RandomKey key_;
  int rows_;  ///< kernels take four at a time; words of rows without use are words of chain 0
  int columns_;
  int random_bits_;
  int shift_;
  alignas(64) std::uint64_t chains_[kStepWords] = {};
  alignas(64) std::uint32_t words_[kRoundingBlock * kStepWords];
};

/// Where the words of a tile's first step begin; null where none are asked for.
struct StepWords {
  const std::uint32_t* product = nullptr;
  const std::uint32_t* sum = nullptr;
};

/// The number of the chain of an element of a tile.
inline std::uint64_t chain_of(const Tile& tile, int row, int column) {
  const WordPositions& words = *tile.words;
  return words.rows[row] + words.columns[row * words.column_step + column];
}

/// Calls `run(part, k)` for the parts of a tile that a block of words serves each, k being the
/// first of a part.
template <class Run>
void for_each_word_block(Tile tile, Run run) {
  const std::int64_t last = tile.first_k + tile.depth;
  while (tile.first_k < last) {
    const std::int64_t next = (tile.first_k / kRoundingBlock + 1) * kRoundingBlock;
    tile.depth = (next < last ? next : last) - tile.first_k;
    run(tile, static_cast<std::uint64_t>(tile.first_k));
    tile.advance(tile.depth);
  }
}

}  // namespace mantissa
