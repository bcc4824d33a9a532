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
  const std::uint32_t* words;
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

/// What one step makes of a vector of sums.
struct Rounded {
  Floats sum;
  Bits discarded;  ///< the discarded bits plus the complement of the random ones
};

template <bool kBounded>
class Step {
 public:
  HWY_INLINE explicit Step(const StochasticPlan32& plan)
      : mask_(hn::Set(BitsTag(), (1U << plan.dropped_bits) - 1)),
        addend_(hn::Set(BitsTag(), plan.addend)),
        decided_(hn::Set(BitsTag(), plan.decided)),
        max_finite_(hn::Set(Tag(), plan.max_finite)),
        overflow_(hn::Set(Tag(), plan.overflow)) {}

  HWY_INLINE Rounded operator()(Floats sum, Floats left, Floats right, Bits word) const {
    const Floats truncated{_mm512_fmadd_round_ps(left.raw, right.raw, sum.raw,
                                                 _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)};
    // The first R of the discarded bits exceed the random n where adding 2^R - 1 - n carries.
    const Bits complement = hn::AndNot(word, addend_);
    const Bits carried = hn::Add(hn::BitCast(BitsTag(), truncated), complement);
    Floats rounded = hn::BitCast(Tag(), hn::AndNot(mask_, carried));
    if constexpr (!kBounded) {
      const auto over = hn::Gt(hn::Abs(rounded), max_finite_);
      rounded = hn::IfThenElse(over, hn::CopySignToAbs(overflow_, rounded), rounded);
    }
    return {rounded, hn::And(carried, mask_)};
  }

  /// Where the bits at hand of the random number equal the discarded ones, so that the others
  /// decide.
  HWY_INLINE auto undecided(Bits discarded) const { return hn::Gt(discarded, decided_); }

 private:
  Bits mask_;
  Bits addend_;
  Bits decided_;
  Floats max_finite_;
  Floats overflow_;
};

/// The lanes of one vector that the words at hand do not decide.
struct Undecided {
  std::int64_t k;
  int row;
  int column;
  std::uint64_t lanes;
};

HWY_NOINLINE Floats decide(const StochasticJob& job, const Undecided& at, Floats rounded,
                           Floats sum, Floats left, Floats right) {
  alignas(64) float values[4][kLanes];
  hn::Store(rounded, Tag(), values[0]);
  hn::Store(sum, Tag(), values[1]);
  hn::Store(left, Tag(), values[2]);
  hn::Store(right, Tag(), values[3]);
  for (std::uint64_t lanes = at.lanes; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    if (at.row >= job.tile.rows || at.column + lane >= job.tile.columns) continue;
    values[0][lane] = exact_step(job, values[1][lane], values[2][lane], values[3][lane], at.k,
                                 at.row, at.column + lane);
  }
  return hn::Load(Tag(), values[0]);
}

template <TileLayout kLayout, int kRows, int kVectors, class Step>
HWY_INLINE void continue_stochastic(const Step& step, const StochasticJob& job, int row,
                                    int column) {
  const Tag d;
  const Tile& tile = job.tile;
  const Operands<float, kLayout> operands(tile, row, column);
  const std::uint32_t* words = job.words + row * kMaxTileColumns + column;
  float* sums = tile.sums + row * kColumns + column;
  Floats sum[kRows][kVectors];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::LoadU(d, sums + i * kColumns + v * kLanes);
  }
  const std::int64_t depth = tile.depth;
  for (std::int64_t k = 0; k < depth; ++k, words += kStepWords) {
    Rounded next[kRows][kVectors];
    Bits most = hn::Zero(BitsTag());
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) {
        next[i][v] = step(sum[i][v], operands.left(k, i, v), operands.right(k, i, v),
                          hn::Load(BitsTag(), words + i * kMaxTileColumns + v * kLanes));
        most = hn::Max(most, next[i][v].discarded);
      }
    }
    if (HWY_UNLIKELY(!hn::AllFalse(BitsTag(), step.undecided(most)))) {
      for (int i = 0; i < kRows; ++i) {
        for (int v = 0; v < kVectors; ++v) {
          const std::uint64_t lanes = step.undecided(next[i][v].discarded).raw;
          if (lanes == 0) continue;
          next[i][v].sum = decide(job, {k, row + i, column + v * kLanes, lanes}, next[i][v].sum,
                                  sum[i][v], operands.left(k, i, v), operands.right(k, i, v));
        }
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) sum[i][v] = next[i][v].sum;
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[i][v], d, sums + i * kColumns + v * kLanes);
  }
}

template <TileLayout kLayout, int kRows, class Step>
void continue_rows(const Step& step, const StochasticJob& job, int row) {
  int column = 0;
  for (; column + kLanes < job.tile.columns; column += 2 * kLanes) {
    continue_stochastic<kLayout, kRows, 2>(step, job, row, column);
  }
  if (column < job.tile.columns) continue_stochastic<kLayout, kRows, 1>(step, job, row, column);
}

template <class Step>
struct MultiplyBy {
  const Step& step;
  const StochasticJob& job;

  template <TileLayout kLayout>
  void run() const {
    int row = 0;
    for (; job.tile.rows - row > 1; row += 4) continue_rows<kLayout, 4>(step, job, row);
    if (row < job.tile.rows) continue_rows<kLayout, 1>(step, job, row);
  }
};

#endif

}  // namespace

/// False where the instruction set cannot do it.
bool multiply_stochastic32([[maybe_unused]] const StochasticJob& job, [[maybe_unused]] bool ask) {
#if HWY_TARGET == HWY_AVX3
  if (ask) return true;
  const StochasticPlan32& plan = job.self.stochastic32;
  if (plan.bounded) {
    const Step<true> step(plan);
    with_layout(job.tile.layout, MultiplyBy<Step<true>>{step, job});
  } else {
    const Step<false> step(plan);
    with_layout(job.tile.layout, MultiplyBy<Step<false>>{step, job});
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
  const StochasticPlan32& plan = self.stochastic32;
  TileWords words(tile, self.sum_key, plan.random_bits, 32 - plan.dropped_bits);
  for_each_word_block(tile, [&](const Tile& part, std::uint64_t k) {
    HWY_DYNAMIC_DISPATCH(multiply_stochastic32)({part, self, words.make(k)}, false);
  });
}

}  // namespace mantissa
#endif
