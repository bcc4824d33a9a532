// Philox 4x32-10 on vectors: the same numbers as `random_bits` of support/random.h. Included once
// for each target.

#if defined(MANTISSA_NUMERIC_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_PHILOX_INL_H_
#undef MANTISSA_NUMERIC_PHILOX_INL_H_
#else
#define MANTISSA_NUMERIC_PHILOX_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include <hwy/highway.h>

#include "support/random.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {

/// Words of several Philox blocks of one stream, in the stream's order.
class PhiloxStream {
 public:
  explicit PhiloxStream(RandomKey key) {
    std::uint32_t low = key.words()[0];
    std::uint32_t high = key.words()[1];
    for (std::size_t round = 0; round < kRounds; ++round) {
      low_keys_[round] = low;
      high_keys_[round] = high;
      low += 0x9E3779B9;   // golden ratio
      high += 0xBB67AE85;  // sqrt(3) - 1
    }
  }

  /// The multiple of words that `fill` writes at a time.
  static std::size_t step() { return 8 * hwy::HWY_NAMESPACE::Lanes(Tag()); }

  /// Writes the words 4 * first_block and following to `words`; `count` is a multiple of `step()`.
  HWY_INLINE void fill(std::uint64_t first_block, std::uint32_t* words, std::size_t count) const {
    const std::size_t blocks = 2 * hwy::HWY_NAMESPACE::Lanes(Tag());
    for (std::size_t i = 0; i < count; i += step()) {
      fill_step(first_block, words + i);
      first_block += blocks;
    }
  }

 private:
  static constexpr std::size_t kRounds = 10;
  using Tag = hwy::HWY_NAMESPACE::ScalableTag<std::uint64_t>;
  using Halves = hwy::HWY_NAMESPACE::Repartition<std::uint32_t, Tag>;
  using Vector = hwy::HWY_NAMESPACE::Vec<Tag>;

  /// One block in each 64-bit lane. Words lie in the low halves; what the high halves hold is never
  /// looked at.
  struct Blocks {
    Vector word0, word1, word2, word3;
  };

  static HWY_INLINE Vector multiply(Vector low_halves, std::uint64_t factor) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::MulEven(hn::BitCast(Halves(), low_halves),
                       hn::BitCast(Halves(), hn::Set(Tag(), factor)));
  }

  static HWY_INLINE Blocks start(Vector block) {
    namespace hn = hwy::HWY_NAMESPACE;
    return {block, hn::ShiftRight<32>(block), hn::Zero(Tag()), hn::Zero(Tag())};
  }

  static HWY_INLINE Blocks next(const Blocks& blocks, Vector low_key, Vector high_key) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Vector product0 = multiply(blocks.word0, 0xD2511F53);
    const Vector product2 = multiply(blocks.word2, 0xCD9E8D57);
    return {hn::Xor(hn::Xor(hn::ShiftRight<32>(product2), blocks.word1), low_key), product2,
            hn::Xor(hn::Xor(hn::ShiftRight<32>(product0), blocks.word3), high_key), product0};
  }

  static HWY_INLINE void store(const Blocks& blocks, std::uint32_t* words) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Vector low_half = hn::Set(Tag(), 0xFFFFFFFF);
    const Vector pair0 = hn::Or(hn::And(blocks.word0, low_half), hn::ShiftLeft<32>(blocks.word1));
    const Vector pair1 = hn::Or(hn::And(blocks.word2, low_half), hn::ShiftLeft<32>(blocks.word3));
    hn::StoreInterleaved2(pair0, pair1, Tag(), reinterpret_cast<std::uint64_t*>(words));
  }

  /// Two vectors of blocks at once, since each round waits for the one before.
  HWY_INLINE void fill_step(std::uint64_t first_block, std::uint32_t* words) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const std::size_t lanes = hn::Lanes(Tag());
    Blocks a = start(hn::Iota(Tag(), first_block));
    Blocks b = start(hn::Iota(Tag(), first_block + lanes));
    for (std::size_t round = 0; round < kRounds; ++round) {
      const Vector low_key = hn::Set(Tag(), low_keys_[round]);
      const Vector high_key = hn::Set(Tag(), high_keys_[round]);
      a = next(a, low_key, high_key);
      b = next(b, low_key, high_key);
    }
    store(a, words);
    store(b, words + 4 * lanes);
  }

  std::uint64_t low_keys_[kRounds] = {};
  std::uint64_t high_keys_[kRounds] = {};
};

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // MANTISSA_NUMERIC_PHILOX_INL_H_
