// Rounding vectors of binary32 codes to logarithmic formats. Included once for each target.

#if defined(MANTISSA_NUMERIC_LOG_ROUNDING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_LOG_ROUNDING_INL_H_
#undef MANTISSA_NUMERIC_LOG_ROUNDING_INL_H_
#else
#define MANTISSA_NUMERIC_LOG_ROUNDING_INL_H_
#endif

#include <algorithm>
#include <array>
#include <bit>

#include <hwy/highway.h>

#include "numeric/log_run.h"

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

constexpr std::size_t kMaxLanes = hn::MaxLanes(Floats());
constexpr std::int32_t kMagnitude = 0x7FFFFFFF;
constexpr std::int32_t kInfinity = 0x7F800000;
constexpr std::int32_t kFraction = 0x7FFFFF;
constexpr std::int32_t kOne = 0x3F800000;
constexpr int kFractionBits = 23;
constexpr int kBias = 127;

HWY_INLINE Vector set(std::int32_t value) {
  return hn::Set(Integers(), value);
}

/// Minimax polynomials of log2(1 + f) in [0, 1): off by 2.4 and by 735 units of 2^-23.
constexpr std::array<float, 8> kFine = {
    2.772891139772267e-07F, 1.4426562643534389F,  -0.7204530346843724F,  0.47289792833329547F,
    -0.3242539375042342F,   0.19208956168237495F, -0.07806214710158715F, 0.015125364921084437F};
constexpr std::array<float, 5> kCoarse = {8.759186497206782e-05F, 1.4377043874828337F,
                                          -0.6749428962037987F, 0.31867913740686266F,
                                          -0.08161581241584188F};

/// factor * log2(1 + f) + addend.
template <std::size_t kCount>
HWY_INLINE FloatVector log2_of_significand(FloatVector f, const std::array<float, kCount>& c,
                                           float factor, float addend) {
  const Floats tag;
  FloatVector sum = hn::Set(tag, factor * c[kCount - 1]);
  for (std::size_t i = kCount - 1; i-- > 0;) {
    sum = hn::MulAdd(sum, f, hn::Set(tag, factor * c[i] + (i == 0 ? addend : 0.0F)));
  }
  return sum;
}

/// The logarithm in units of which 2^shift are a rung, and 0 that of 1.
template <bool kTakum, std::size_t kCount>
HWY_INLINE Vector scaled_logarithm(Vector a, const std::array<float, kCount>& polynomial) {
  const Integers integer;
  const Floats tag;
  const FloatVector f =
      hn::Sub(hn::BitCast(tag, hn::Or(hn::And(a, set(kFraction)), set(kOne))), hn::Set(tag, 1.0F));
  if constexpr (kTakum) {
    // The codes of takums are those of the floats 1 + |l|.
    constexpr float kOctave = 1.3862943611F;  // 2 ln 2
    const FloatVector exponent =
        hn::ConvertTo(tag, hn::Sub(hn::ShiftRight<kFractionBits>(a), set(kBias)));
    const FloatVector l = hn::MulAdd(exponent, hn::Set(tag, kOctave),
                                     log2_of_significand(f, polynomial, kOctave, 0.0F));
    const FloatVector one_more = hn::Add(hn::Abs(l), hn::Set(tag, 1.0F));
    const Vector distance = hn::Sub(hn::BitCast(integer, one_more), set(kOne));
    const Vector negative = hn::BroadcastSignBit(hn::BitCast(integer, l));
    return hn::Sub(hn::Xor(distance, negative), negative);
  } else {
    // The code of 1 + log2(1 + f) holds the fraction, that of the number the integer.
    const Vector fraction = hn::BitCast(integer, log2_of_significand(f, polynomial, 1.0F, 1.0F));
    const Vector exponent = hn::AndNot(set(kFraction), a);
    return hn::Add(hn::Add(fraction, exponent), set(-2 * kOne));
  }
}

HWY_INLINE Mask is_negative(Vector x_code) {
  return hn::MaskFromVec(hn::BroadcastSignBit(x_code));
}

/// The later of two rungs if `a` has reached the code at which the first one ends.
HWY_INLINE Vector advanced(Vector index, Vector a, Vector end) {
  return hn::Sub(index, hn::VecFromMask(Integers(), hn::Not(hn::Lt(a, end))));
}

/// Infinities and NaN, as which `a` is known.
HWY_INLINE Vector infinity_or_nan(Vector a, const LogTable& table) {
  return hn::IfThenElse(hn::Gt(a, set(kInfinity)), a, set(table.infinity));
}

HWY_INLINE FloatVector with_sign(Vector r, Vector x_code) {
  const Vector sign = hn::AndNot(set(kMagnitude), x_code);
  // Turns -0 into +0 and makes a signalling NaN quiet.
  return hn::Add(hn::BitCast(Floats(), hn::Or(r, sign)), hn::Zero(Floats()));
}

/// Indices of the nearest rungs. `kIsCoarse` as the table says.
template <bool kTakum, bool kIsCoarse>
class NearestRung {
 public:
  explicit NearestRung(const LogTable& table)
      : turns_(table.turns.data()),
        start_(set((1 << (table.shift - 1)) - doubt() + table.offset * (1 << table.shift))),
        mask_(set((1 << table.shift) - 1)),
        certain_(set((1 << table.shift) - 1 - 2 * doubt())),
        last_(set(table.last)),
        shift_(table.shift) {}

  HWY_INLINE Vector operator()(Vector a) const {
    const Integers integer;
    const Vector low = hn::Add(scaled_logarithm<kTakum>(a, polynomial()), start_);
    const Vector rung = hn::ShiftRightSame(hn::Max(low, hn::Zero(integer)), shift_);
    const Vector index = hn::Min(rung, last_);
    // In doubt if the next rung begins within twice the doubt.
    const Mask doubtful = hn::Gt(hn::And(low, mask_), certain_);
    if (HWY_LIKELY(hn::AllFalse(integer, doubtful))) return index;
    return advanced(index, a, hn::GatherIndex(integer, turns_, index));
  }

 private:
  static constexpr const auto& polynomial() {
    if constexpr (kIsCoarse) {
      return kCoarse;
    } else {
      return kFine;
    }
  }
  static constexpr std::int32_t doubt() {
    return kIsCoarse ? LogTable::kCoarseDoubt : LogTable::kDoubt;
  }

  const std::int32_t* turns_;
  Vector start_;
  Vector mask_;
  Vector certain_;
  Vector last_;
  int shift_;
};

/// The members at indices: of all rungs, or where they are evenly apart of one octave, in
/// `kRegisters` vectors, or in memory if that is 0.
template <bool kTakum, std::size_t kRegisters>
class Members {
 public:
  explicit Members(const LogTable& table)
      : members_(table.members.data()), octave_(set(table.octave_mask())), shift_(table.shift) {
    if constexpr (kRegisters > 0) {
      alignas(64) std::array<std::int32_t, kMaxLanes * kRegisters> values{};
      std::copy_n(members_, table.looked_up(), values.begin());
      for (std::size_t i = 0; i < kRegisters; ++i) {
        registers_[i] = hn::Load(Integers(), values.data() + i * hn::Lanes(Integers()));
      }
    }
  }

  HWY_INLINE Vector operator()(Vector index) const {
    if constexpr (kTakum) {
      return at(index);
    } else {
      const Vector exponent = hn::AndNot(set(kFraction), hn::ShiftLeftSame(index, shift_));
      return hn::Add(at(hn::And(index, octave_)), exponent);
    }
  }

 private:
  static HWY_INLINE std::int32_t lanes() {
    return static_cast<std::int32_t>(hn::Lanes(Integers()));
  }

  HWY_INLINE Vector at(Vector place) const {
    const Integers integer;
    if constexpr (kRegisters == 0) {
      return hn::GatherIndex(integer, members_, place);
    } else {
      const auto lane = hn::IndicesFromVec(integer, hn::And(place, set(lanes() - 1)));
      return choose<kRegisters>(place, lane, 0);
    }
  }

  template <std::size_t kCount, typename Lane>
  HWY_INLINE Vector choose(Vector place, const Lane& lane, std::size_t first) const {
    if constexpr (kCount == 1) {
      return hn::TableLookupLanes(registers_[first], lane);
    } else {
      constexpr std::size_t kHalf = kCount / 2;
      const Vector bit = set(static_cast<std::int32_t>(kHalf) * lanes());
      return hn::IfThenElse(hn::TestBit(place, bit), choose<kHalf>(place, lane, first + kHalf),
                            choose<kHalf>(place, lane, first));
    }
  }

  const std::int32_t* members_;
  Vector octave_;
  int shift_;
  std::array<Vector, std::max(kRegisters, std::size_t{1})> registers_;
};

/// Rounds binary32 codes to nearest.
template <bool kTakum, bool kIsCoarse, std::size_t kRegisters>
class NearestRounder {
 public:
  using Unsigned = WordTag;

  explicit NearestRounder(const LogRun& run)
      : table_(run.table),
        nearest_(run.table),
        members_(run.table),
        least_(set(run.table.least[0])) {}

  HWY_INLINE FloatVector operator()(FloatVector x, Words /*random*/) const {
    const Integers integer;
    const Vector x_code = hn::BitCast(integer, x);
    const Vector a = hn::And(x_code, set(kMagnitude));
    Vector r = hn::IfThenZeroElse(hn::Lt(a, least_), members_(nearest_(a)));
    const Mask special = hn::Gt(a, set(kInfinity - 1));
    if (HWY_UNLIKELY(!hn::AllFalse(integer, special))) {
      r = hn::IfThenElse(special, infinity_or_nan(a, table_), r);
    }
    return with_sign(r, x_code);
  }

 private:
  const LogTable& table_;
  NearestRung<kTakum, kIsCoarse> nearest_;
  Members<kTakum, kRegisters> members_;
  Vector least_;
};

/// Rounds binary32 codes in the other modes.
template <Rounding kRounding, bool kTakum>
class BetweenRounder {
 public:
  using Unsigned = WordTag;

  explicit BetweenRounder(const LogRun& run)
      : run_(run),
        table_(run.table),
        unused_random_bits_(hn::Set(WordTag(), unused_random_bits(run.quantization.rounding))) {}

  HWY_INLINE FloatVector operator()(FloatVector x, Words random) const {
    const Integers integer;
    const Vector x_code = hn::BitCast(integer, x);
    const Vector a = hn::And(x_code, set(kMagnitude));
    const Vector scaled = scaled_logarithm<kTakum>(a, kFine);
    Vector r = between(x_code, a, scaled, random);
    const Vector least =
        hn::IfThenElse(is_negative(x_code), set(table_.least[1]), set(table_.least[0]));
    r = hn::IfThenZeroElse(hn::Lt(a, least), r);
    const Mask special = hn::Gt(a, set(kInfinity - 1));
    if (HWY_UNLIKELY(!hn::AllFalse(integer, special))) {
      r = hn::IfThenElse(special, infinity_or_nan(a, table_), r);
    }
    return with_sign(r, x_code);
  }

 private:
  HWY_INLINE Vector rung(Vector scaled) const {
    const Vector index = hn::Add(hn::ShiftRightSame(scaled, table_.shift), set(table_.offset));
    return hn::Min(hn::Max(index, hn::Zero(Integers())), set(table_.last));
  }

  HWY_INLINE Vector between(Vector x_code, Vector a, Vector scaled, Words random) const {
    const Integers integer;
    const Vector low = rung(hn::Sub(scaled, set(LogTable::kDoubt)));
    const Vector next = hn::Add(low, set(1));
    const Vector index = advanced(low, a, hn::GatherIndex(integer, table_.members.data(), next));
    const Vector below = hn::GatherIndex(integer, table_.members.data(), index);
    if constexpr (kRounding == Rounding::toward_zero) return below;
    const Vector behind = hn::Min(hn::Add(index, set(1)), set(table_.last));
    // Beyond the ends and on a member there is only one.
    const Mask alone = hn::Or(hn::Not(hn::Gt(a, below)), hn::Eq(index, set(table_.last)));
    const Vector above =
        hn::IfThenElse(alone, below, hn::GatherIndex(integer, table_.members.data(), behind));
    if constexpr (kRounding == Rounding::stochastic) {
      return stochastic(x_code, a, below, above, hn::Or(random, unused_random_bits_));
    } else if constexpr (kRounding == Rounding::to_odd) {
      const Vector parity = hn::Add(index, set(table_.first_is_odd ? 1 : 0));
      const Mask odd = hn::Ne(hn::And(parity, set(1)), hn::Zero(integer));
      return hn::IfThenElse(odd, below, above);
    } else {
      const Mask negative = is_negative(x_code);
      const bool up = kRounding == Rounding::up;
      return up ? hn::IfThenElse(negative, below, above) : hn::IfThenElse(negative, above, below);
    }
  }

  HWY_INLINE Vector stochastic(Vector x_code, Vector a, Vector below, Vector above,
                               Words words) const {
    const Integers integer;
    // Where all numbers are below 2^31 units of the last place of `below`.
    const Vector octaves =
        hn::Sub(hn::ShiftRight<kFractionBits>(above), hn::ShiftRight<kFractionBits>(below));
    Mask apart = hn::Gt(octaves, set(31 - kFractionBits - 1));
    if constexpr (!kTakum) {
      const Mask below_first = hn::And(hn::Lt(a, set(table_.members[0])), hn::Gt(a, set(0)));
      apart = hn::Or(apart, below_first);
    }
    if (HWY_UNLIKELY(!hn::AllFalse(integer, apart))) {
      return one_by_one(x_code, a, below, above, words);
    }
    return hn::IfThenElse(goes_away_near(a, below, above, words), above, below);
  }

  /// `goes_away` in products of 64 bits: of the even lanes, and of the odd ones.
  HWY_INLINE Mask goes_away_near(Vector a, Vector below, Vector above, Words words) const {
    const WordTag word;
    const hn::RepartitionToWide<WordTag> wide;
    const hn::RebindToSigned<decltype(wide)> wide_integer;
    const Vector exponent = hn::ShiftRight<kFractionBits>(below);
    const auto whole = [&](Vector code) {
      const Vector significand = hn::Or(hn::And(code, set(kFraction)), set(kFraction + 1));
      const Vector places = hn::Sub(hn::ShiftRight<kFractionBits>(code), exponent);
      return hn::Shl(hn::BitCast(word, significand), hn::BitCast(word, places));
    };
    const Words start = whole(below);
    const Words step = hn::Sub(whole(above), start);
    const Words part = hn::Sub(whole(a), start);
    const auto low = hn::Set(wide, 0xFFFFFFFF);
    const auto is_beyond = [&](auto product, auto step_once, auto limit) {
      const auto needed = hn::BitCast(wide_integer, hn::Add(product, step_once));
      return hn::BitCast(
          wide, hn::VecFromMask(wide_integer, hn::Gt(needed, hn::BitCast(wide_integer, limit))));
    };
    const auto step_wide = hn::BitCast(wide, step);
    const auto part_wide = hn::BitCast(wide, part);
    const auto odd_step = hn::ShiftRight<32>(step_wide);
    const auto odd_words = hn::BitCast(word, hn::ShiftRight<32>(hn::BitCast(wide, words)));
    const auto even =
        is_beyond(hn::MulEven(words, step), hn::And(step_wide, low), hn::ShiftLeft<32>(part_wide));
    const auto odd = is_beyond(hn::MulEven(odd_words, hn::BitCast(word, odd_step)), odd_step,
                               hn::AndNot(low, part_wide));
    const auto stays = hn::Or(hn::And(even, low), hn::AndNot(low, odd));
    return hn::Not(hn::MaskFromVec(hn::BitCast(Integers(), stays)));
  }

  HWY_NOINLINE Vector one_by_one(Vector x_code, Vector a, Vector below, Vector above,
                                 Words random) const {
    const Integers integer;
    const std::size_t lanes = hn::Lanes(integer);
    alignas(64) std::array<std::int32_t, kMaxLanes> signed_codes{};
    alignas(64) std::array<std::int32_t, kMaxLanes> codes{};
    alignas(64) std::array<std::int32_t, kMaxLanes> lows{};
    alignas(64) std::array<std::int32_t, kMaxLanes> highs{};
    alignas(64) std::array<std::uint32_t, kMaxLanes> words{};
    hn::Store(x_code, integer, signed_codes.data());
    hn::Store(a, integer, codes.data());
    hn::Store(below, integer, lows.data());
    hn::Store(above, integer, highs.data());
    hn::Store(random, WordTag(), words.data());
    const std::int32_t first = table_.members[0];
    for (std::size_t i = 0; i < lanes; ++i) {
      if (codes[i] >= first && codes[i] < kInfinity) {
        const bool away = lows[i] != highs[i] && goes_away({codes[i], lows[i], highs[i]}, words[i]);
        codes[i] = away ? highs[i] : lows[i];
      } else if (codes[i] < first) {
        const auto value = static_cast<double>(std::bit_cast<float>(signed_codes[i]));
        const auto rounded = static_cast<float>(
            round_to_format(value, run_.quantization.format, run_.quantization.rounding, words[i]));
        codes[i] = std::bit_cast<std::int32_t>(rounded) & kMagnitude;
      }
    }
    return hn::Load(integer, codes.data());
  }

  const LogRun& run_;
  const LogTable& table_;
  Words unused_random_bits_;
};

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
