#pragma once

#include <cstdint>
#include <span>

#include "numeric/rounding_words_backend.h"
#include "support/random.h"

namespace mantissa {

/// The random words of stochastic rounding: 32 bits for each (key, chain, position). An element of
/// a tensor takes the word at its index, of chain 0; a step of a chain of sums takes the word at
/// its reduction index, of the chain whose number is the element's index.
///
/// They come from ARS-5, five rounds of AES on a counter under a Weyl sequence of keys (Salmon,
/// Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11), which processors
/// compute in a tenth of the time of Philox. A block gives the upper halves of eight words, which
/// are all that up to 16 random bits take; another block, the lower halves.
std::uint32_t rounding_word(RandomKey key, std::uint64_t position, std::uint64_t chain = 0);

/// Consecutive positions that the words of one block serve.
constexpr int kRoundingBlock = 8;

/// The words at `first_position` and following of chain 0. Lower halves are zero unless more than
/// 16 random bits are asked for.
void fill_rounding_words(std::span<std::uint32_t> words, RandomKey key,
                         std::uint64_t first_position, int random_bits = 32);

/// The words of chain 0 of one key, for many calls: what they have in common is made once.
class RoundingStream {
 public:
  explicit RoundingStream(RandomKey key);

  /// The words at position kRoundingBlock * first_block and following, as fill_rounding_words;
  /// their number is a multiple of 4 * kRoundingBlock.
  void fill_blocks(std::span<std::uint32_t> words, std::uint64_t first_block,
                   int random_bits = 32) const;

 private:
  rounding_words::Schedule schedule_;
  rounding_words::Backend backend_;
};

/// Words of many chains for one block of positions.
struct ChainWords {
  const std::uint64_t* chains = nullptr;  ///< numbers, `count` of them
  int count = 0;                          ///< is rounded up to a multiple of 16
  std::uint64_t block = 0;                ///< the positions kRoundingBlock * block and following
  std::uint32_t* words = nullptr;
  int step_stride = 0;  ///< from the words of one position (or two) to those of the next
};

/// The words of [kRoundingBlock] positions; of each the first `random_bits`, the others cleared.
void fill_chain_words(const ChainWords& request, RandomKey key, int random_bits = 32);

/// The upper halves of the words of [kRoundingBlock / 2] pairs of positions: that of the first
/// position in the lower half.
void fill_chain_halves(const ChainWords& request, RandomKey key);

}  // namespace mantissa
