#include "numeric/binade_kernels.h"

#include <algorithm>
#include <array>

#include "numeric/binade_table.h"
#include "numeric/quantize_kernels.h"
#include "numeric/rounding_words.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/binade_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "numeric/rounding_run-inl.h"

#ifndef MANTISSA_NUMERIC_BINADE_KERNELS_ONCE
#define MANTISSA_NUMERIC_BINADE_KERNELS_ONCE
namespace mantissa {

/// Everything that one call rounds by.
struct BinadeRun {
  const BinadeTable& table;
  const Quantization& quantization;
  RandomKey key;
  std::uint64_t first_index;
};

}  // namespace mantissa
#endif

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Integers = hn::RebindToSigned<Floats>;
using WordTag = hn::RebindToUnsigned<Floats>;
using FloatVector = hn::Vec<Floats>;
using Vector = hn::Vec<Integers>;
using Words = hn::Vec<WordTag>;

constexpr std::size_t kMaxLanes = hn::MaxLanes(Floats());
constexpr std::int32_t kMagnitude = 0x7FFFFFFF;
constexpr std::int32_t kFraction = 0x7FFFFF;
constexpr int kFractionBits = 23;

HWY_INLINE Vector set(std::int32_t value) {
  return hn::Set(Integers(), value);
}

/// Rounds binary32 codes; `kRounding` is the mode of the table.
template <Rounding kRounding>
class BinadeRounder {
 public:
  using Unsigned = WordTag;

  explicit BinadeRounder(const BinadeRun& run)
      : run_(run),
        largest_(set(run.table.largest)),
        zero_(hn::Set(Floats(), run.table.has_negative_zero ? -0.0F : 0.0F)),
        unused_random_bits_(hn::Set(WordTag(), unused_random_bits(run.quantization.rounding))) {}

  HWY_INLINE FloatVector operator()(FloatVector x, Words random) const {
    const Integers integer;
    const Vector x_code = hn::BitCast(integer, x);
    const Vector a = hn::And(x_code, set(kMagnitude));
    const Vector binade = hn::ShiftRight<kFractionBits>(a);
    const Vector entry = hn::GatherIndex(integer, run_.table.odd_bit_minus_one.data(), binade);
    const Vector dropped = hn::And(entry, set(kFraction));
    const Vector odd_bit = hn::And(a, hn::Add(entry, set(1)));
    const Vector kept = round(x_code, a, binade, dropped, odd_bit, random);
    Vector r = hn::Min(kept, largest_);
    // Zeros need no second look: of them nothing is dropped, whatever the binade says.
    const Vector apart = hn::And(entry, hn::Sub(hn::Zero(integer), a));
    const auto is_apart = hn::MaskFromVec(hn::BroadcastSignBit(apart));
    if (HWY_UNLIKELY(!hn::AllFalse(integer, is_apart))) {
      r = hn::IfThenElse(is_apart, round_apart(x_code, a, binade, random), r);
    }
    const Vector sign = hn::AndNot(set(kMagnitude), x_code);
    // Adding -0 changes nothing; adding +0 turns -0 into +0. Both make a signalling NaN quiet.
    return hn::Add(hn::BitCast(Floats(), hn::Or(r, sign)), zero_);
  }

 private:
  /// Where members are equally far apart: to a multiple of what the dropped bits can hold and one.
  HWY_INLINE Vector round(Vector x_code, Vector a, Vector binade, Vector dropped, Vector odd_bit,
                          Words random) const {
    const Integers integer;
    const Vector zero = hn::Zero(integer);
    if constexpr (kRounding == Rounding::to_odd) {
      const auto inexact = hn::Gt(hn::And(a, dropped), zero);
      const auto moves = hn::And(inexact, hn::Eq(odd_bit, zero));
      return hn::Add(hn::AndNot(dropped, a), hn::IfThenElseZero(moves, hn::Add(dropped, set(1))));
    } else {
      return hn::AndNot(dropped, hn::Add(a, carry(x_code, binade, dropped, odd_bit, random)));
    }
  }

  /// What is added before the low bits are dropped.
  HWY_INLINE Vector carry(Vector x_code, Vector binade, Vector dropped, Vector odd_bit,
                          Words random) const {
    const Integers integer;
    if constexpr (kRounding == Rounding::nearest_even) {
      const Vector odd = hn::VecFromMask(integer, hn::Ne(odd_bit, hn::Zero(integer)));  // -1
      return hn::ShiftRight<1>(hn::Sub(dropped, odd));
    } else if constexpr (kRounding == Rounding::nearest_away) {
      return hn::Sub(dropped, hn::ShiftRight<1>(dropped));
    } else if constexpr (kRounding == Rounding::up) {
      return hn::AndNot(hn::BroadcastSignBit(x_code), dropped);
    } else if constexpr (kRounding == Rounding::down) {
      return hn::And(hn::BroadcastSignBit(x_code), dropped);
    } else if constexpr (kRounding == Rounding::stochastic) {
      // The dropped part d of s bits and 2^s - 1 - w carry together if w < d, w being the first s
      // bits of the word.
      const Vector count = hn::GatherIndex(integer, run_.table.dropped_bits.data(), binade);
      const Words word = hn::Not(hn::Or(random, unused_random_bits_));
      const Words shift = hn::BitCast(WordTag(), hn::Sub(set(32), count));
      return hn::And(hn::BitCast(integer, hn::Shr(word, shift)), dropped);
    } else {
      return hn::Zero(integer);
    }
  }

  /// Where values have two results, are infinite or NaN.
  HWY_NOINLINE Vector round_apart(Vector x_code, Vector a, Vector binade, Words random) const {
    const Integers integer;
    const BinadeTable::TwoResults& two = run_.table.two_results;
    Vector r = a;
    if constexpr (kRounding == Rounding::stochastic) {
      r = round_one_by_one(x_code, random);
    } else {
      const Vector negative = hn::ShiftRight<31>(x_code);  // -1
      const Vector at =
          hn::Sub(binade, hn::And(negative, set(-static_cast<int>(BinadeTable::kBinades))));
      const auto early = hn::Gt(hn::GatherIndex(integer, two.turn.data(), at), a);
      r = hn::IfThenElse(early, hn::GatherIndex(integer, two.before.data(), at),
                         hn::GatherIndex(integer, two.behind.data(), at));
    }
    const auto is_nan = hn::Gt(a, set(0x7F800000));
    return hn::IfThenElse(is_nan, a, r);
  }

  /// By the scalar reference: two results may be too far apart for the arithmetic of a lane.
  HWY_INLINE Vector round_one_by_one(Vector x_code, Words random) const {
    alignas(64) std::array<float, kMaxLanes> values{};
    alignas(64) std::array<std::uint32_t, kMaxLanes> words{};
    hn::Store(hn::BitCast(Floats(), x_code), Floats(), values.data());
    hn::Store(random, WordTag(), words.data());
    for (std::size_t lane = 0; lane < hn::Lanes(Floats()); ++lane) {
      values[lane] = static_cast<float>(round_to_format(static_cast<double>(values[lane]),
                                                        run_.quantization.format,
                                                        run_.quantization.rounding, words[lane]));
    }
    return hn::And(hn::BitCast(Integers(), hn::Load(Floats(), values.data())), set(kMagnitude));
  }

  const BinadeRun& run_;
  Vector largest_;
  FloatVector zero_;
  Words unused_random_bits_;
};

template <Rounding kRounding>
void run(const BinadeRun& run, std::span<const float> source, float* destination) {
  const BinadeRounder<kRounding> rounder(run);
  constexpr std::size_t kChunk = 1024;  // words made at a time; stays in the first-level cache
  alignas(64) std::array<std::uint32_t, kChunk + kMaxLanes> words{};
  if constexpr (kRounding != Rounding::stochastic) {
    round_run<0>(rounder, source.data(), destination, source.size(), words.data());
  } else {
    for (std::size_t done = 0; done < source.size(); done += kChunk) {
      const std::size_t count = std::min(kChunk, source.size() - done);
      fill_rounding_words({words.data(), count}, run.key, run.first_index + done);
      round_run<1>(rounder, source.data() + done, destination + done, count, words.data());
    }
  }
}

void round_by_binades(const BinadeRun& all, std::span<const float> source, float* destination) {
  using enum Rounding;
  switch (all.quantization.rounding.rounding) {
    case nearest_even:
      return run<nearest_even>(all, source, destination);
    case nearest_away:
      return run<nearest_away>(all, source, destination);
    case toward_zero:
      return run<toward_zero>(all, source, destination);
    case up:
      return run<up>(all, source, destination);
    case down:
      return run<down>(all, source, destination);
    case to_odd:
      return run<to_odd>(all, source, destination);
    case stochastic:
      return run<stochastic>(all, source, destination);
  }
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(round_by_binades);

void quantize_by_binades(std::span<const float> source, std::span<float> destination,
                         const Quantization& quantization, RandomKey key,
                         std::uint64_t first_index) {
  const std::shared_ptr<const BinadeTable> table =
      binade_table(quantization.format, quantization.rounding);
  HWY_DYNAMIC_DISPATCH(round_by_binades)
  ({*table, quantization, key, first_index}, source, destination.data());
}

}  // namespace mantissa
#endif
