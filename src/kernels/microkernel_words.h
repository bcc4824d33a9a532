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
  TileWords(const Tile& tile, RandomKey key);

  /// Makes the words of the steps of the block of step k, the first `random_bits` of each, and
  /// returns where those of step k begin.
  const std::uint32_t* make(std::uint64_t k, int random_bits);

  /// Makes the upper halves of the same words, those of two steps in one, and returns where those
  /// of the block begin.
  const std::uint32_t* make_halves(std::uint64_t k);

 private:
  template <class Fill>
  void fill(std::uint64_t k, const Fill& fill_words);

  RandomKey key_;
  int rows_;  ///< kernels take four at a time; words of rows without use are words of chain 0
  int columns_;
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
