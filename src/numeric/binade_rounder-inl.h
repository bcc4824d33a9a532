// Rounding vectors of binary32 values by the binades they lie in. Included once for each target.

#if defined(MANTISSA_NUMERIC_BINADE_ROUNDER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_BINADE_ROUNDER_INL_H_
#undef MANTISSA_NUMERIC_BINADE_ROUNDER_INL_H_
#else
#define MANTISSA_NUMERIC_BINADE_ROUNDER_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstdint>

#include <hwy/highway.h>

#include "numeric/binade_run.h"

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
using Mask = hn::Mask<Integers>;

inline constexpr std::size_t kMaxLanes = hn::MaxLanes(Floats());
inline constexpr std::int32_t kMagnitude = 0x7FFFFFFF;
inline constexpr int kFractionBits = 23;

HWY_INLINE Vector set(std::int32_t value) {
  return hn::Set(Integers(), value);
}

/// Entries of the table, each in the low byte of a lane; above it is anything.
class BinadeEntries {
 public:
#if HWY_TARGET == HWY_AVX3
  explicit BinadeEntries(const BinadeTable& table) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      parts_[i] = hn::Load(WordTag(), table.entries.data() + i * kMaxLanes);
    }
  }
#else
  explicit BinadeEntries(const BinadeTable& table) : entries_(table.entries.data()) {}
#endif

  /// `a` are codes of magnitudes.
  HWY_INLINE Vector of(Vector a) const {
    constexpr int kNumberBits = 2;  // of a binade, to choose among those in a number
    const Words code = hn::BitCast(WordTag(), a);
    const Words entries = at(hn::ShiftRight<kFractionBits + kNumberBits>(a));
    const Words place = hn::And(hn::ShiftRight<kFractionBits - 3>(code), hn::Set(WordTag(), 3 * 8));
    return hn::BitCast(Integers(), hn::Shr(entries, place));
  }

 private:
#if HWY_TARGET == HWY_AVX3
  HWY_INLINE Words at(Vector place) const {
    const Words low{_mm512_permutex2var_epi32(parts_[0].raw, place.raw, parts_[1].raw)};
    const Words high{_mm512_permutex2var_epi32(parts_[2].raw, place.raw, parts_[3].raw)};
    return hn::IfThenElse(hn::RebindMask(WordTag(), hn::TestBit(place, set(2 * kMaxLanes))), high,
                          low);
  }

  static constexpr std::size_t kRegisters = 4;
  static_assert(BinadeTable::kBinades == BinadeTable::kPerNumber * kRegisters * kMaxLanes);
  std::array<Words, kRegisters> parts_;
#else
  HWY_INLINE Words at(Vector place) const {
    return hn::GatherIndex(WordTag(), entries_, place);
  }

  const std::uint32_t* entries_;
#endif
};

/// How many bits are dropped, and nothing more.
HWY_INLINE Words dropped_bits(Vector entry) {
  return hn::BitCast(WordTag(), hn::And(entry, set(BinadeTable::kDroppedBits)));
}

#if HWY_TARGET == HWY_AVX3

// Rotations look at the last 5 bits of their counts, which are those of the dropped bits.

HWY_INLINE Vector dropped_mask(Vector entry) {
  return hn::Sub(Vector{_mm512_rolv_epi32(set(1).raw, entry.raw)}, set(1));
}
HWY_INLINE Vector without_dropped(Vector a, Vector entry) {
  return Vector{_mm512_rorv_epi32(a.raw, entry.raw)};
}
HWY_INLINE Vector first_bits(Words word, Vector entry) {
  return Vector{_mm512_rolv_epi32(word.raw, entry.raw)};
}

#else

HWY_INLINE Vector dropped_mask(Vector entry) {
  const Words one = hn::Set(WordTag(), 1);
  return hn::BitCast(Integers(), hn::Sub(hn::Shl(one, dropped_bits(entry)), one));
}
/// The bits kept, in the low ones; above them is anything.
HWY_INLINE Vector without_dropped(Vector a, Vector entry) {
  return hn::BitCast(Integers(), hn::Shr(hn::BitCast(WordTag(), a), dropped_bits(entry)));
}
/// As many of a word's first bits as are dropped, in the low ones; above them is anything.
HWY_INLINE Vector first_bits(Words word, Vector entry) {
  const Words rest = hn::Sub(hn::Set(WordTag(), 31), dropped_bits(entry));
  return hn::BitCast(Integers(), hn::Shr(hn::ShiftRight<1>(word), rest));
}

#endif

/// 1 where the member below is odd.
HWY_INLINE Vector odd(Vector a, Vector entry) {
  static_assert(BinadeTable::kFlipsOdd == 1 << 5);
  const Vector last = hn::Xor(without_dropped(a, entry), hn::ShiftRight<5>(entry));
  return hn::And(last, set(1));
}

/// Zeros need no second look: of them nothing is kept, whatever the binade says.
HWY_INLINE Mask has_two_results(Vector a, Vector entry) {
  return hn::And(hn::TestBit(entry, set(BinadeTable::kHasTwoResults)),
                 hn::Ne(a, hn::Zero(Integers())));
}

/// From codes of magnitudes as if there were no largest one to values.
class BinadeFinish {
 public:
  explicit BinadeFinish(const BinadeTable& table)
      : largest_(set(table.largest)),
        zero_(hn::Set(Floats(), table.has_negative_zero ? -0.0F : 0.0F)) {}

  HWY_INLINE Vector bounded(Vector r) const { return hn::Min(r, largest_); }

  HWY_INLINE FloatVector with_sign(Vector r, Vector x_code) const {
    const Vector sign = hn::AndNot(set(kMagnitude), x_code);
    // Adding -0 changes nothing; adding +0 turns -0 into +0. Both make a signalling NaN quiet.
    return hn::Add(hn::BitCast(Floats(), hn::Or(r, sign)), zero_);
  }

 private:
  Vector largest_;
  FloatVector zero_;
};

/// Rounds binary32 codes; `kRounding` is the mode of the table.
template <Rounding kRounding>
class BinadeRounder {
 public:
  using Unsigned = WordTag;

  explicit BinadeRounder(const BinadeRun& run)
      : run_(run),
        entries_(run.table),
        finish_(run.table),
        unused_random_bits_(hn::Set(WordTag(), unused_random_bits(run.quantization.rounding))) {}

  HWY_INLINE FloatVector operator()(FloatVector x, Words random) const {
    const Integers integer;
    const Vector x_code = hn::BitCast(integer, x);
    const Vector a = hn::And(x_code, set(kMagnitude));
    const Vector entry = entries_.of(a);
    Vector r = finish_.bounded(round(x_code, a, entry, random));
    const Mask is_apart = has_two_results(a, entry);
    if (HWY_UNLIKELY(!hn::AllFalse(integer, is_apart))) {
      r = hn::IfThenElse(is_apart, round_apart(x_code, a, random), r);
    }
    return finish_.with_sign(r, x_code);
  }

 private:
  /// Where members are equally far apart: to a multiple of what the dropped bits can hold and one.
  HWY_INLINE Vector round(Vector x_code, Vector a, Vector entry, Words random) const {
    const Integers integer;
    const Vector zero = hn::Zero(integer);
    const Vector dropped = dropped_mask(entry);
    if constexpr (kRounding == Rounding::to_odd) {
      const auto inexact = hn::Gt(hn::And(a, dropped), zero);
      const auto moves = hn::And(inexact, hn::Eq(odd(a, entry), zero));
      return hn::Add(hn::AndNot(dropped, a), hn::IfThenElseZero(moves, hn::Add(dropped, set(1))));
    } else {
      return hn::AndNot(dropped, hn::Add(a, carry(x_code, a, entry, dropped, random)));
    }
  }

  /// What is added before the low bits are dropped.
  HWY_INLINE Vector carry(Vector x_code, Vector a, Vector entry, Vector dropped,
                          Words random) const {
    if constexpr (kRounding == Rounding::nearest_even) {
      return hn::ShiftRight<1>(hn::Add(dropped, odd(a, entry)));
    } else if constexpr (kRounding == Rounding::nearest_away) {
      return hn::Sub(dropped, hn::ShiftRight<1>(dropped));
    } else if constexpr (kRounding == Rounding::up) {
      return hn::AndNot(hn::BroadcastSignBit(x_code), dropped);
    } else if constexpr (kRounding == Rounding::down) {
      return hn::And(hn::BroadcastSignBit(x_code), dropped);
    } else if constexpr (kRounding == Rounding::stochastic) {
      // The dropped part d of s bits and 2^s - 1 - w carry together if w < d, w being the first s
      // bits of the word.
      const Words word = hn::Not(hn::Or(random, unused_random_bits_));
      return hn::And(first_bits(word, entry), dropped);
    } else {
      return hn::Zero(Integers());
    }
  }

  /// Where values have two results, are infinite or NaN.
  HWY_NOINLINE Vector round_apart(Vector x_code, Vector a, Words random) const {
    const Integers integer;
    const Vector binade = hn::ShiftRight<kFractionBits>(a);
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
  BinadeEntries entries_;
  BinadeFinish finish_;
  Words unused_random_bits_;
};

/// Rounds stochastically by the upper halves of the words: as BinadeRounder does, with zeros for
/// the bits that are not at hand, which carry only where all dropped bits before them are ones.
class QuickBinadeRounder {
 public:
  struct Result {
    FloatVector rounded;
    Mask undecided;
  };

  explicit QuickBinadeRounder(const BinadeRun& run)
      : entries_(run.table),
        finish_(run.table),
        known_(hn::Set(WordTag(), ~unused_random_bits(run.quantization.rounding) & kUpperHalf)),
        missing_(hn::Set(WordTag(), ~unused_random_bits(run.quantization.rounding) & ~kUpperHalf)) {
  }

  HWY_INLINE Result operator()(FloatVector x, Words half) const {
    const Integers integer;
    const Vector zero = hn::Zero(integer);
    const Vector x_code = hn::BitCast(integer, x);
    const Vector a = hn::And(x_code, set(kMagnitude));
    const Vector entry = entries_.of(a);
    const Vector dropped = dropped_mask(entry);
    const Vector carried =
        hn::Add(a, hn::And(first_bits(hn::AndNot(half, known_), entry), dropped));
    const Vector compared = hn::And(first_bits(known_, entry), dropped);
    const Vector missing = hn::And(first_bits(missing_, entry), dropped);
    const Mask undecided =
        hn::And(hn::Eq(hn::AndNot(carried, compared), zero), hn::Ne(missing, zero));
    const Vector r = finish_.bounded(hn::AndNot(dropped, carried));
    return {finish_.with_sign(r, x_code), hn::Or(undecided, has_two_results(a, entry))};
  }

 private:
  static constexpr std::uint32_t kUpperHalf = 0xFFFF0000;

  BinadeEntries entries_;
  BinadeFinish finish_;
  Words known_;    ///< the bits of a word that are at hand
  Words missing_;  ///< those that are not, but are looked at
};

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
