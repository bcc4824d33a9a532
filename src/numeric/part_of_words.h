#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "numeric/rounding_words.h"

namespace mantissa {

/// The random words of a part of a tensor, in memory of its own, made when they are asked for:
/// their upper halves, which nearly always decide, and whole ones.
class PartOfWords {
 public:
  /// At most: so few that the memory is at work on the next elements while they are made.
  static constexpr std::size_t kCount = 512;
  static constexpr int kHalf = 16;  ///< random bits of an upper half

  explicit PartOfWords(RandomKey key) : stream_(key) {}

  /// Names the words of the elements `first_index` and following, at most `kCount`.
  void begin(std::uint64_t first_index, std::size_t count) {
    constexpr std::size_t kStep = std::size_t{4} * kRoundingBlock;
    first_block_ = first_index / kRoundingBlock;
    offset_ = first_index % kRoundingBlock;
    filled_ = (offset_ + count + kStep - 1) / kStep * kStep;
    has_halves_ = false;
    has_whole_ = false;
  }

  /// One word for each element, its lower half zero. A vector may be read behind the last.
  const std::uint32_t* halves() {
    if (!has_halves_) stream_.fill_blocks(std::span(halves_).first(filled_), first_block_, kHalf);
    has_halves_ = true;
    return halves_.data() + offset_;
  }
  const std::uint32_t* whole() {
    if (!has_whole_) stream_.fill_blocks(std::span(whole_).first(filled_), first_block_);
    has_whole_ = true;
    return whole_.data() + offset_;
  }
  /// Those that hold at least the first `random_bits`.
  const std::uint32_t* with_bits(int random_bits) {
    return random_bits <= kHalf ? halves() : whole();
  }

 private:
  static constexpr std::size_t kMaxLanes = 16;
  static constexpr std::size_t kRoom = std::size_t{4} * kRoundingBlock + kMaxLanes;

  alignas(64) std::array<std::uint32_t, kCount + kRoom> halves_{};
  alignas(64) std::array<std::uint32_t, kCount + kRoom> whole_{};
  RoundingStream stream_;
  std::uint64_t first_block_ = 0;
  std::size_t offset_ = 0;
  std::size_t filled_ = 0;
  bool has_halves_ = false;
  bool has_whole_ = false;
};

}  // namespace mantissa
