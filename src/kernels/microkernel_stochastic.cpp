// Stochastic rounding of sums on binary32 lanes, where the processor truncates a fused multiply-add
// (AVX-512 names the rounding in the instruction): the bits of the truncated sum below the format's
// last place are the first of the discarded part, exactly.

#include <bit>
#include <cmath>
#include <limits>

#include "kernels/microkernel.h"
#include "kernels/microkernel_words.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_stochastic.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"

#ifndef MANTISSA_KERNELS_STOCHASTIC_JOB
#define MANTISSA_KERNELS_STOCHASTIC_JOB
namespace mantissa {
namespace {

/// A part of a tile that one block of words serves.
struct StochasticJob {
  const Tile& tile;
  const Accumulation& self;
  const std::uint32_t* words;  ///< halves, from the first step of their block on
};

/// One step of one chain, by all bits of its word.
float exact_step(const StochasticJob& job, float sum, float left, float right, std::int64_t k,
                 int row, int column) {
  const Accumulation& self = job.self;
  const std::uint32_t word =
      rounding_word(self.sum_key, static_cast<std::uint64_t>(job.tile.first_k + k),
                    chain_of(job.tile, row, column));
  const QuickRounding64& quick = self.plan64.quick_sum;
  if (!quick.exact_sum) {
    return static_cast<float>(
        multiply_accumulate(static_cast<double>(sum), left, right, self.mac, 0, word));
  }
  // As the binary64 kernel does it.
  const double exact =
      std::fma(static_cast<double>(left), static_cast<double>(right), static_cast<double>(sum));
  const std::uint64_t addend = quick.addend_positive & ~(std::uint64_t{word} << quick.random_shift);
  const auto rounded =
      std::bit_cast<double>((std::bit_cast<std::uint64_t>(exact) + addend) & ~quick.cleared);
  const Rounding64& rounding = self.plan64.sum;
  const double bounded = std::abs(rounded) > rounding.max_positive
                             ? std::copysign(rounding.beyond_positive, rounded)
                             : rounded;
  return static_cast<float>(bounded);
}

}  // namespace
}  // namespace mantissa
#endif

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
using BitsTag = hn::RebindToUnsigned<Tag>;
using Bits = hn::Vec<BitsTag>;
constexpr int kLanes = 16;
static_assert(hn::MaxLanes(Tag()) == kLanes);

/// What a step has to think of besides the rounding itself.
enum class Overflow { impossible, watched, handled };

/// One step of the chains of a vector. `kOpen`: the bits at hand of the random number may equal the
/// discarded ones, so that the others decide.
template <Overflow kOverflow, bool kOpen>
class Step {
 public:
  static constexpr bool kIsOpen = kOpen;
  static constexpr bool kWatches = kOverflow == Overflow::watched;

  HWY_INLINE explicit Step(const StochasticPlan32& plan)
      : kept_(hn::Set(BitsTag(), ~0U << plan.dropped_bits)),
        compared_(hn::Set(BitsTag(), plan.addend)),
        others_(hn::Set(BitsTag(), ~plan.addend)),
        turns_{hn::Set(BitsTag(), (16U - plan.dropped_bits) % 32),
               hn::Set(BitsTag(), 32U - plan.dropped_bits)},
        max_finite_(hn::Set(Tag(), plan.max_finite)),
        overflow_(hn::Set(Tag(), plan.overflow)) {}

  /// The complement of the truncated sum plus the complement of the random number n, of which
  /// `words` hold the upper half and that of a neighbouring step: the first R of the discarded bits
  /// exceed n where adding 2^R - 1 - n carries.
  template <int kParity>
  HWY_INLINE Bits complement(Floats sum, Floats left, Floats right, Bits words) const {
    const __m512 truncated =
        _mm512_fmadd_round_ps(left.raw, right.raw, sum.raw, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    const Bits random{_mm512_rorv_epi32(words.raw, turns_[kParity].raw)};
    return hn::Sub(hn::Or(random, others_), Bits{_mm512_castps_si512(truncated)});
  }

  HWY_INLINE Floats rounded(Bits complement) const {
    const Floats sum = hn::BitCast(Tag(), hn::AndNot(complement, kept_));
    if constexpr (kOverflow != Overflow::handled) return sum;
    const auto over = hn::Gt(hn::Abs(sum), max_finite_);
    return hn::IfThenElse(over, hn::CopySignToAbs(overflow_, sum), sum);
  }

  /// Of `lanes`, those that the bits at hand decide.
  HWY_INLINE __mmask16 decided(__mmask16 lanes, Bits complement) const {
    return _mm512_mask_test_epi32_mask(lanes, complement.raw, compared_.raw);
  }

  /// The larger magnitude; of a NaN and a number, the number.
  HWY_INLINE static Floats peak(Floats a, Floats b) {
    constexpr int kLargerMagnitude = 0b1011;
    return Floats{_mm512_range_ps(a.raw, b.raw, kLargerMagnitude)};
  }
  HWY_INLINE bool overflows(Floats peak) const {
    return !hn::AllFalse(Tag(), hn::Gt(peak, max_finite_));
  }

 private:
  Bits kept_;
  Bits compared_;
  Bits others_;
  Bits turns_[2];  ///< how far words turn so that the first random bit is the first discarded one
  Floats max_finite_;
  Floats overflow_;
};

/// Where the bits at hand decide some lanes of a vector only.
struct Undecided {
  std::int64_t k;
  int row;
  int column;
  __mmask16 decided;
};

/// The vector `rounded` with these lanes rounded by all bits.
HWY_NOINLINE Floats decide(const StochasticJob& job, const Undecided& at, Floats rounded,
                           Floats sum, Floats left, Floats right) {
  alignas(64) float values[4][kLanes];
  hn::Store(rounded, Tag(), values[0]);
  hn::Store(sum, Tag(), values[1]);
  hn::Store(left, Tag(), values[2]);
  hn::Store(right, Tag(), values[3]);
  for (int lane = 0; lane < kLanes; ++lane) {
    const int column = at.column + lane;
    const bool used = at.row < job.tile.rows && column < job.tile.columns;
    if (!used || (at.decided >> lane & 1) != 0) continue;
    values[0][lane] =
        exact_step(job, values[1][lane], values[2][lane], values[3][lane], at.k, at.row, column);
  }
  return hn::Load(Tag(), values[0]);
}

/// The chains of kRows x kVectors sums, in registers, over the steps that one block of words
/// serves.
template <TileLayout kLayout, int kRows, int kVectors, class Step>
class Chains {
 public:
  HWY_INLINE Chains(const Step& step, const StochasticJob& job, int row, int column)
      : step_(step), job_(job), row_(row), column_(column), operands_(job.tile, row, column) {}

  /// False where a sum has overflowed that is watched: then the sums are what they were.
  HWY_INLINE bool run() const {
    const Tile& tile = job_.tile;
    Sums sums = load();
    Floats peak = hn::Zero(Tag());
    const std::int64_t end = tile.first_k + tile.depth;
    const auto first = static_cast<int>(tile.first_k % kRoundingBlock);
    const std::int64_t before = tile.first_k - first;
    const std::uint32_t* words = job_.words + row_ * kMaxTileColumns + column_;
    for (std::int64_t k = before; k < end; k += 2, words += kStepWords) {
      if (k >= tile.first_k) advance<0>(sums, peak, k - tile.first_k, words);
      if (k + 1 >= tile.first_k && k + 1 < end) {
        advance<1>(sums, peak, k + 1 - tile.first_k, words);
      }
    }
    if constexpr (Step::kWatches) {
      if (HWY_UNLIKELY(step_.overflows(peak))) return false;
    }
    store(sums);
    return true;
  }

 private:
  struct Sums {
    Floats of[kRows][kVectors];
  };

  HWY_INLINE Sums load() const {
    const float* from = job_.tile.sums + row_ * kColumns + column_;
    Sums sums;
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        sums.of[i][v] = hn::LoadU(Tag(), from + i * kColumns + v * kLanes);
      }
    }
    return sums;
  }

  HWY_INLINE void store(const Sums& sums) const {
    float* to = job_.tile.sums + row_ * kColumns + column_;
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        hn::StoreU(sums.of[i][v], Tag(), to + i * kColumns + v * kLanes);
      }
    }
  }

  template <int kParity>
  HWY_INLINE Bits complement(const Sums& sums, std::int64_t k, int i, int v,
                             const std::uint32_t* words) const {
    const Bits word = hn::Load(BitsTag(), words + i * kMaxTileColumns + v * kLanes);
    return step_.template complement<kParity>(sums.of[i][v], operands_.left(k, i, v),
                                              operands_.right(k, i, v), word);
  }

  /// One step of all chains.
  template <int kParity>
  HWY_INLINE void advance(Sums& sums, Floats& peak, std::int64_t k,
                          const std::uint32_t* words) const {
    Sums next;
    __mmask16 decided = 0xFFFF;
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        const Bits made = complement<kParity>(sums, k, i, v, words);
        if constexpr (Step::kIsOpen) decided = step_.decided(decided, made);
        next.of[i][v] = step_.rounded(made);
      }
    }
    if constexpr (Step::kIsOpen) {
      if (HWY_UNLIKELY(decided != 0xFFFF)) {
        // The loops are unrolled here too, or the sums could not stay in registers.
#pragma GCC unroll 4
        for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
          for (int v = 0; v < kVectors; ++v) {
            const Bits made = complement<kParity>(sums, k, i, v, words);
            const __mmask16 lanes = step_.decided(0xFFFF, made);
            if (lanes == 0xFFFF) continue;
            next.of[i][v] =
                decide(job_, {k, row_ + i, column_ + v * kLanes, lanes}, next.of[i][v],
                       sums.of[i][v], operands_.left(k, i, v), operands_.right(k, i, v));
          }
        }
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        sums.of[i][v] = next.of[i][v];
        if constexpr (Step::kWatches) peak = step_.peak(peak, sums.of[i][v]);
      }
    }
  }

  const Step& step_;
  const StochasticJob& job_;
  int row_;
  int column_;
  Operands<float, kLayout> operands_;
};

template <bool kOpen, Overflow kOverflow>
struct MultiplyBy {
  const StochasticJob& job;

  template <TileLayout kLayout>
  void run() const {
    int row = 0;
    for (; job.tile.rows - row > 1; row += 4) continue_rows<kLayout, 4>(row);
    if (row < job.tile.rows) continue_rows<kLayout, 1>(row);
  }

  template <TileLayout kLayout, int kRows>
  void continue_rows(int row) const {
    int column = 0;
    for (; column + kLanes < job.tile.columns; column += 2 * kLanes) {
      continue_sums<kLayout, kRows, 2>(row, column);
    }
    if (column < job.tile.columns) continue_sums<kLayout, kRows, 1>(row, column);
  }

  template <TileLayout kLayout, int kRows, int kVectors>
  void continue_sums(int row, int column) const {
    const StochasticPlan32& plan = job.self.stochastic32;
    using Usual = Step<kOverflow, kOpen>;
    using Careful = Step<Overflow::handled, kOpen>;
    const Usual usual(plan);
    const Chains<kLayout, kRows, kVectors, Usual> chains(usual, job, row, column);
    if (HWY_LIKELY(chains.run())) return;
    const Careful careful(plan);
    Chains<kLayout, kRows, kVectors, Careful>(careful, job, row, column).run();
  }
};

#endif

}  // namespace

/// False where the instruction set cannot do it.
bool multiply_stochastic32([[maybe_unused]] const StochasticJob& job, [[maybe_unused]] bool ask) {
#if HWY_TARGET == HWY_AVX3
  if (ask) return true;
  const StochasticPlan32& plan = job.self.stochastic32;
  const TileLayout layout = job.tile.layout;
  if (plan.open) {
    plan.bounded ? with_layout(layout, MultiplyBy<true, Overflow::impossible>{job})
                 : with_layout(layout, MultiplyBy<true, Overflow::watched>{job});
  } else {
    plan.bounded ? with_layout(layout, MultiplyBy<false, Overflow::impossible>{job})
                 : with_layout(layout, MultiplyBy<false, Overflow::watched>{job});
  }
  return true;
#else
  return false;
#endif
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(multiply_stochastic32);

void multiply_stochastic(const Tile& tile, const Accumulation& self) {
  if (!HWY_DYNAMIC_DISPATCH(multiply_stochastic32)({tile, self, nullptr}, true)) {
    return multiply_binary64(tile, self);
  }
  TileWords words(tile, self.sum_key);
  for_each_word_block(tile, [&](const Tile& part, std::uint64_t k) {
    HWY_DYNAMIC_DISPATCH(multiply_stochastic32)({part, self, words.make_halves(k)}, false);
  });
}

}  // namespace mantissa
#endif
