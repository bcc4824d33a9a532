// The random words of stochastic rounding on vector lanes: included once per instruction set.

#if defined(MANTISSA_KERNELS_MICROKERNEL_RANDOM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_KERNELS_MICROKERNEL_RANDOM_INL_H_
#undef MANTISSA_KERNELS_MICROKERNEL_RANDOM_INL_H_
#else
#define MANTISSA_KERNELS_MICROKERNEL_RANDOM_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/microkernel.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Word k of kRows x (lanes of binary64) chains, one step after the other: what `random_bits` gives
/// for the positions in `Tile::words`. Without kUsed it is nothing, at no cost.
template <int kRows, bool kUsed>
class RandomWords {
  using WordTag = hn::ScalableTag<std::uint64_t>;
  using Words = hn::Vec<WordTag>;

 public:
  HWY_INLINE RandomWords(const Tile& /*tile*/, RandomKey /*key*/, int /*row*/, int /*column*/) {}
  HWY_INLINE void advance() {}
  HWY_INLINE Words get(int /*row*/) const { return hn::Zero(WordTag()); }
};

template <int kRows>
class RandomWords<kRows, true> {
  using WordTag = hn::ScalableTag<std::uint64_t>;
  using Words = hn::Vec<WordTag>;
  static constexpr std::size_t kLanes = hn::MaxLanes(WordTag());
  struct Block {
    Words word[4];
  };

 public:
  HWY_INLINE RandomWords(const Tile& tile, RandomKey key, int row, int column) : key_(key) {
    const WordTag d;
    for (int i = 0; i < kRows; ++i) {
      const std::uint64_t first =
          tile.words->rows[row + i] + static_cast<std::uint64_t>(tile.first_k);
      const std::uint64_t* columns =
          tile.words->columns + (row + i) * tile.words->column_step + column;
      const Words position = hn::Add(hn::LoadU(d, columns), hn::Set(d, first));
      block_[i] = hn::ShiftRight<2>(position);
      phase_[i] = hn::And(position, hn::Set(d, 3));
      current_[i] = philox(block_[i]);
    }
  }

  /// Makes the next step's words current.
  HWY_INLINE void advance() {
    step_ = (step_ + 1) % 4;
    if (step_ != 0) return;
    for (int i = 0; i < kRows; ++i) refill(i);
  }

  HWY_INLINE Words get(int row) const { return words_[row].word[step_]; }

 private:
  /// Four steps of a chain begin at word `phase` of the current block and end in the next.
  HWY_INLINE void refill(int row) {
    const WordTag d;
    block_[row] = hn::Add(block_[row], hn::Set(d, 1));
    const Block next = philox(block_[row]);
    const Block& now = current_[row];
    const auto odd = hn::TestBit(phase_[row], hn::Set(d, 1));
    const auto two = hn::TestBit(phase_[row], hn::Set(d, 2));
    const Words all[8] = {now.word[0],  now.word[1],  now.word[2],  now.word[3],
                          next.word[0], next.word[1], next.word[2], next.word[3]};
    Words by_one[6];
    for (int i = 0; i < 6; ++i) by_one[i] = hn::IfThenElse(odd, all[i + 1], all[i]);
    for (int i = 0; i < 4; ++i) {
      words_[row].word[i] =
          hn::And(hn::IfThenElse(two, by_one[i + 2], by_one[i]), hn::Set(d, 0xFFFFFFFFU));
    }
    current_[row] = next;
  }

  /// Philox 4x32-10 as in support/random.cpp. Each 32-bit word has a 64-bit lane, whose upper half
  /// may hold anything: products take the lower halves only.
  HWY_INLINE Block philox(Words block) const {
    const WordTag d;
    const hn::Repartition<std::uint32_t, WordTag> d32;
    const auto multiply = [&](Words word, std::uint32_t by) HWY_ATTR {
      return hn::MulEven(hn::BitCast(d32, word), hn::Set(d32, by));
    };
    Words c0 = block;
    Words c1 = hn::ShiftRight<32>(block);
    Words c2 = hn::Zero(d);
    Words c3 = hn::Zero(d);
    auto [key0, key1] = key_.words();
    for (int round = 0; round < 10; ++round) {
      const Words product0 = multiply(c0, 0xD2511F53U);
      const Words product1 = multiply(c2, 0xCD9E8D57U);
      c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product1), c1), hn::Set(d, key0));
      c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product0), c3), hn::Set(d, key1));
      c1 = product1;
      c3 = product0;
      key0 += 0x9E3779B9U;
      key1 += 0xBB67AE85U;
    }
    return {{c0, c1, c2, c3}};
  }

  RandomKey key_;
  int step_ = 3;
  Words block_[kRows];
  Words phase_[kRows];
  Block current_[kRows];
  Block words_[kRows];
};

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
