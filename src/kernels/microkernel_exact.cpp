// Exact sums in a few binary64 words.

#include <cstring>

#include "kernels/microkernel_elements.h"
#include "numeric/quire.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_exact.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"
#include "kernels/sum_to_odd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<double>;
using WordTag = hn::ScalableTag<std::uint64_t>;
using Doubles = hn::Vec<Tag>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));
constexpr int kPlane = kTileRows * kColumns;

/// Word `word` of the elements from `place` on: binary64 numbers in two planes of binary32 ones.
HWY_INLINE Doubles load_word(const float* state, int word, int place) {
  const hn::ScalableTag<float> floats;
  return hn::BitCast(Tag(), hn::LoadU(floats, state + 2 * (word * kPlane + place)));
}

HWY_INLINE void store_word(Doubles value, float* state, int word, int place) {
  const hn::ScalableTag<float> floats;
  hn::StoreU(hn::BitCast(floats, value), floats, state + 2 * (word * kPlane + place));
}

/// The words of kLanes sums.
template <int kWords>
class Sums {
 public:
  HWY_INLINE void load(const float* state, int place, const PlanExact& plan) {
    for (int i = 0; i < kWords; ++i) {
      words_[i] = load_word(state, i, place);
      if (i < kWords - 1) words_[i] = hn::Add(words_[i], hn::Set(Tag(), plan.anchors[i]));
    }
  }

  HWY_INLINE void store(float* state, int place, const PlanExact& plan) const {
    for (int i = 0; i < kWords; ++i) {
      const Doubles word =
          i < kWords - 1 ? hn::Sub(words_[i], hn::Set(Tag(), plan.anchors[i])) : words_[i];
      store_word(word, state, i, place);
    }
  }

  HWY_INLINE void add(Doubles left, Doubles right) {
    if constexpr (kWords == 1) {
      words_[0] = hn::MulAdd(left, right, words_[0]);
      return;
    }
    const Doubles first = hn::MulAdd(left, right, words_[0]);
    // What the word took is a multiple of its last place; the rest of the product is exact.
    Doubles rest = hn::MulSub(left, right, hn::Sub(first, words_[0]));
    words_[0] = first;
    for (int i = 1; i < kWords - 1; ++i) {
      const Doubles sum = hn::Add(words_[i], rest);
      rest = hn::Sub(rest, hn::Sub(sum, words_[i]));
      words_[i] = sum;
    }
    words_[kWords - 1] = hn::Add(words_[kWords - 1], rest);
  }

 private:
  Doubles words_[kWords];
};

template <TileLayout kLayout, int kRows, int kWords>
void continue_sums(const Tile& tile, const PlanExact& plan, int row, int column) {
  const Operands<double, kLayout> operands(tile, row, column);
  Sums<kWords> sums[kRows];
  const int place = row * kColumns + column;
  for (int i = 0; i < kRows; ++i) sums[i].load(tile.sums, place + i * kColumns, plan);
  const std::int64_t depth = tile.depth;
  for (std::int64_t k = 0; k < depth; ++k) {
    for (int i = 0; i < kRows; ++i) {
      sums[i].add(operands.left(k, i, 0), operands.right(k, i, 0));
    }
  }
  for (int i = 0; i < kRows; ++i) sums[i].store(tile.sums, place + i * kColumns, plan);
}

template <int kWords>
struct MultiplyExact {
  const Tile& tile;
  const PlanExact& plan;

  template <TileLayout kLayout>
  void run() const {
    for (int column = 0; column < tile.columns; column += kLanes) {
      int row = 0;
      for (; tile.rows - row > 1; row += 4) {
        continue_sums<kLayout, 4, kWords>(tile, plan, row, column);
      }
      if (row < tile.rows) continue_sums<kLayout, 1, kWords>(tile, plan, row, column);
    }
  }
};

}  // namespace

void multiply_words(const Tile& tile, const PlanExact& plan) {
  switch (plan.words) {
    case 1:
      return with_layout(tile.layout, MultiplyExact<1>{tile, plan});
    case 2:
      return with_layout(tile.layout, MultiplyExact<2>{tile, plan});
    case 3:
      return with_layout(tile.layout, MultiplyExact<3>{tile, plan});
    default:
      return with_layout(tile.layout, MultiplyExact<4>{tile, plan});
  }
}

/// Sums of one or two words, rounded to binary32. Adding +0 turns a sum of -0 into +0.
void finish_words(const Tile& tile, const PlanExact& plan) {
  const hn::Rebind<float, Tag> floats;
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; column += kLanes) {
      const int place = row * kColumns + column;
      Doubles sum = load_word(tile.sums, 0, place);
      if (plan.words == 2) sum = add_to_odd(Tag(), sum, load_word(tile.sums, 1, place));
      sum = hn::Add(sum, hn::Zero(Tag()));
      hn::StoreU(hn::DemoteTo(floats, sum), floats, tile.sums + place);
    }
  }
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(multiply_words);
HWY_EXPORT(finish_words);

namespace {

float* word_of(float* state, int word, std::int64_t place) {
  return state + 2 * (word * plane_size() + place);
}

/// The sum of an element's words, rounded once.
double rounded_sum(const Accumulation& self, float* state, std::int64_t place,
                   std::uint32_t random) {
  double words[PlanExact::kMaxWords] = {};
  for (int i = 0; i < self.exact.words; ++i) {
    std::memcpy(&words[i], word_of(state, i, place), sizeof(double));
  }
  if (self.exact.words <= 2) {
    const double sum = words[0] + words[1];
    if (sum == 0 && words[1] == -words[0]) return 0;
    return add_rounded(words[0], words[1], self.mac.accumulator, random);
  }
  Quire quire;
  for (int i = 0; i < self.exact.words; ++i) quire.add(words[i]);
  return quire.rounded(self.mac.accumulator, random);
}

}  // namespace

void multiply_exact_words(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(multiply_words)(tile, self.exact);
}

/// The first plane lies over the first half of the first words, so that an element's sum is written
/// over words that were read before it.
void finish_exact_words(const Tile& tile, const Accumulation& self) {
  if (self.exact.to_binary32 && self.exact.words <= 2) {
    HWY_DYNAMIC_DISPATCH(finish_words)(tile, self.exact);
    return;
  }
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const std::uint32_t random =
        tile.first_k == 0 ? 0 : ElementWords(tile, row, column).word(self.sum_key, -1);
    tile.sums[at] = static_cast<float>(rounded_sum(self, tile.sums, at, random));
  });
}

void begin_exact_words(const Tile& tile, const Accumulation& self) {
  const PlanExact& plan = self.exact;
  for_each_element(tile, [&](int /*row*/, int /*column*/, std::int64_t at) {
    auto rest = static_cast<double>(tile.right[at]);
    for (int i = 0; i < plan.words; ++i) {
      const bool last = i == plan.words - 1;
      const double word = last ? rest : (plan.anchors[i] + rest) - plan.anchors[i];
      rest -= word;
      std::memcpy(word_of(tile.sums, i, at), &word, sizeof(double));
    }
  });
}

}  // namespace mantissa
#endif
