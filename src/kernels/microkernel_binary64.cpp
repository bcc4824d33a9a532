#include "kernels/microkernel.h"
#include "kernels/microkernel_words.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_binary64.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"
#include "kernels/sum_to_odd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<double>;
using Doubles = hn::Vec<Tag>;
using FloatTag = hn::Rebind<float, Tag>;
using WordTag = hn::RebindToUnsigned<Tag>;
using Words = hn::Vec<WordTag>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

HWY_INLINE Doubles set(double value) {
  return hn::Set(Tag(), value);
}
HWY_INLINE Words bits_of(Doubles value) {
  return hn::BitCast(WordTag(), value);
}
HWY_INLINE Doubles from_bits(Words bits) {
  return hn::BitCast(Tag(), bits);
}

/// One rounding of an exact or rounded-to-odd binary64 value.
template <Mode64 kMode>
class Rounding {
 public:
  HWY_INLINE explicit Rounding(const Rounding64& rounding) : constants_(rounding) {}

  HWY_INLINE Doubles round(Doubles value, Words word) const {
    const Doubles magnitude = hn::Abs(value);
    const hn::RebindToSigned<Tag> integers;
    const auto negative =
        hn::MaskFromVec(hn::BitCast(Tag(), hn::BroadcastSignBit(hn::BitCast(integers, value))));
    // Adding and subtracting 2^52 quanta leaves the rounding to the adder. A NaN leaves Max as the
    // second operand; it is still in `magnitude`.
    const Words exponent = hn::And(bits_of(hn::Max(magnitude, set(constants_.min_normal))),
                                   hn::Set(WordTag(), 0x7FF0000000000000U));
    const Words power = hn::Add(exponent, hn::Set(WordTag(), constants_.exponent_shift));
    const Doubles nearest = hn::Sub(hn::Add(magnitude, from_bits(power)), from_bits(power));
    Doubles rounded = nearest;
    if constexpr (kMode != Mode64::nearest_even) {
      rounded = choose_neighbour(magnitude, negative, nearest, power, word);
    }
    rounded = bound(rounded, magnitude, negative);
    const Doubles kept = hn::IfThenZeroElse(hn::Lt(rounded, set(constants_.flush_below)), rounded);
    const auto signs = hn::And(negative, hn::Gt(kept, set(constants_.zero_has_sign)));
    return hn::Or(kept, hn::IfThenElseZero(signs, set(-0.0)));
  }

 private:
  template <class Mask>
  HWY_INLINE Doubles choose_neighbour(Doubles magnitude, Mask negative, Doubles nearest,
                                      Words power, Words word) const {
    const Doubles zero = hn::Zero(Tag());
    const Doubles quantum = from_bits(hn::Sub(power, hn::Set(WordTag(), 52ULL << 52)));
    const Doubles below = hn::Sub(nearest, hn::IfThenElseZero(hn::Gt(nearest, magnitude), quantum));
    const Doubles rest = hn::Sub(magnitude, below);
    if constexpr (kMode == Mode64::stochastic) {
      // Away from zero if the first R bits of rest / quantum exceed the random n, that is if rest
      // is at least (n + 1) * quantum * 2^-R. The bits of n behind those of 2^52 make the number
      // 2^52 + n.
      const auto random_bits = static_cast<std::uint64_t>(constants_.random_bits);
      const Words number = hn::ShiftRightSame(word, 32 - constants_.random_bits);
      const Doubles next =
          hn::Sub(from_bits(hn::Or(number, bits_of(set(0x1p52)))), set(0x1p52 - 1));
      const Doubles step =
          from_bits(hn::Sub(power, hn::Set(WordTag(), (52ULL + random_bits) << 52)));
      const auto away = hn::Ge(rest, hn::Mul(next, step));
      return hn::Add(below, hn::IfThenElseZero(away, quantum));
    } else {
      const Words last_bit =
          hn::And(bits_of(hn::Add(below, from_bits(power))), hn::Set(WordTag(), 1));
      const auto even = hn::RebindMask(Tag(), hn::Eq(last_bit, hn::Zero(WordTag())));
      const auto by_sign =
          hn::IfThenElse(negative, flag(constants_.away_negative), flag(constants_.away_positive));
      const auto by_parity = hn::IfThenElseZero(even, flag(constants_.away_if_even));
      const auto inexact = hn::And(hn::Gt(rest, zero), hn::Gt(hn::Or(by_sign, by_parity), zero));
      const auto half = hn::And(hn::Ge(hn::Add(rest, rest), quantum),
                                hn::Gt(flag(constants_.away_at_half), zero));
      const Doubles chosen = hn::Add(below, hn::IfThenElseZero(hn::Or(inexact, half), quantum));
      return hn::IfThenElse(hn::Gt(flag(constants_.to_nearest_even), zero), nearest, chosen);
    }
  }

  HWY_INLINE static Doubles flag(bool value) { return set(value ? 1.0 : 0.0); }

  template <class Mask>
  HWY_INLINE Doubles bound(Doubles rounded, Doubles magnitude, Mask negative) const {
    const auto by_sign = [negative](double if_negative, double if_positive) HWY_ATTR {
      return hn::IfThenElse(negative, set(if_negative), set(if_positive));
    };
    const auto beyond = hn::Gt(rounded, by_sign(constants_.max_negative, constants_.max_positive));
    const Doubles overflow = by_sign(constants_.overflow_negative, constants_.overflow_positive);
    if constexpr (kMode != Mode64::deterministic) {
      return hn::IfThenElse(beyond, overflow, rounded);
    } else {
      const auto infinite = hn::Eq(magnitude, set(hwy::HighestValue<double>() * 2));
      const Doubles inward = by_sign(constants_.beyond_negative, constants_.beyond_positive);
      return hn::IfThenElse(beyond, hn::IfThenElse(infinite, overflow, inward), rounded);
    }
  }

  const Rounding64& constants_;
};

/// One step of the chain. Products of binary32 numbers are exact in binary64.
template <Mode64 kProduct, Mode64 kSum>
class Step {
 public:
  static constexpr bool kRandomProduct = kProduct == Mode64::stochastic;
  static constexpr bool kRandomSum = kSum == Mode64::stochastic;

  HWY_INLINE explicit Step(const Plan64& plan)
      : product_(plan.product), sum_(plan.sum), flip_(plan.sum.down ? -0.0 : 0.0) {}

  HWY_INLINE Doubles operator()(Doubles sum, Doubles left, Doubles right, Words product_word,
                                Words sum_word) const {
    Doubles product = hn::Mul(left, right);
    if constexpr (kProduct != Mode64::none) product = product_.round(product, product_word);
    if constexpr (kSum == Mode64::deterministic) {
      // Rounding down, an exact sum of zero is -0 unless both are +0: the sum of the negated
      // numbers, negated.
      const Doubles flip = set(flip_);
      const Doubles exact =
          hn::Xor(add_to_odd(Tag(), hn::Xor(sum, flip), hn::Xor(product, flip)), flip);
      return sum_.round(exact, sum_word);
    } else {
      return sum_.round(add_to_odd(Tag(), sum, product), sum_word);
    }
  }

 private:
  Rounding<kProduct == Mode64::none ? Mode64::nearest_even : kProduct> product_;
  Rounding<kSum> sum_;
  double flip_;
};

/// The quick rounding of sums, for `nearest_even`, `stochastic`, and `deterministic` modes that add
/// a constant.
template <Mode64 kMode>
class QuickRounding {
 public:
  HWY_INLINE explicit QuickRounding(const Plan64& plan)
      : cleared_(set_bits(plan.quick_sum.cleared)),
        addend_positive_(set_bits(plan.quick_sum.addend_positive)),
        addend_negative_(set_bits(plan.quick_sum.addend_negative)),
        max_finite_(set(plan.sum.max_positive)),
        beyond_positive_(set(plan.sum.beyond_positive)),
        beyond_negative_(set(-plan.sum.beyond_negative)),
        random_shift_(plan.quick_sum.random_shift) {}

  HWY_INLINE Doubles round(Doubles value, Words word) const {
    const Doubles zero = hn::Zero(Tag());
    const Words bits = bits_of(value);
    const Words one = set_bits(1);
    Words addend = addend_positive_;
    if constexpr (kMode == Mode64::nearest_even) {
      // Half a unit less one bit, plus the last bit kept: ties go to even.
      const Words last = hn::And(bits, hn::Add(cleared_, one));
      const auto odd = hn::Ne(last, hn::Zero(WordTag()));
      addend = hn::IfThenElse(odd, hn::Add(addend, one), addend);
    } else if constexpr (kMode == Mode64::stochastic) {
      // The R bits below the last place exceed the random n where adding 2^R - 1 - n carries.
      addend = hn::AndNot(hn::ShiftLeftSame(word, random_shift_), addend);
    } else {
      const auto negative = hn::RebindMask(WordTag(), hn::Lt(value, zero));
      addend = hn::IfThenElse(negative, addend_negative_, addend);
    }
    const Doubles rounded = from_bits(hn::AndNot(cleared_, hn::Add(bits, addend)));
    const auto over = hn::Gt(hn::Abs(rounded), max_finite_);
    const Doubles beyond =
        hn::IfThenElse(hn::Lt(rounded, zero), beyond_negative_, beyond_positive_);
    return hn::IfThenElse(over, beyond, rounded);
  }

 private:
  HWY_INLINE static Words set_bits(std::uint64_t bits) { return hn::Set(WordTag(), bits); }

  Words cleared_;
  Words addend_positive_;
  Words addend_negative_;
  Doubles max_finite_;
  Doubles beyond_positive_;
  Doubles beyond_negative_;
  int random_shift_;
};

/// One step of a chain whose sums are rounded quickly.
template <Mode64 kSum, bool kExactSum>
class QuickStep {
 public:
  static constexpr bool kRandomProduct = false;
  static constexpr bool kRandomSum = kSum == Mode64::stochastic;

  HWY_INLINE explicit QuickStep(const Plan64& plan) : sum_(plan) {}

  HWY_INLINE Doubles operator()(Doubles sum, Doubles left, Doubles right, Words /*product_word*/,
                                Words sum_word) const {
    const Doubles added =
        kExactSum ? hn::MulAdd(left, right, sum) : add_to_odd(Tag(), sum, hn::Mul(left, right));
    return sum_.round(added, sum_word);
  }

 private:
  QuickRounding<kSum> sum_;
};

HWY_INLINE Doubles load(const float* values) {
  return load_as(Tag(), values);
}

HWY_INLINE void store(Doubles values, float* to) {
  hn::StoreU(hn::DemoteTo(FloatTag(), values), FloatTag(), to);
}

/// The words that step k of the chains at (row, column) takes. Without kUsed they are nothing, at
/// no cost.
template <bool kUsed>
HWY_INLINE Words load_words(const std::uint32_t* words, std::int64_t k, int row, int column) {
  if constexpr (!kUsed) return hn::Zero(WordTag());
  const std::uint32_t* from = words + k * kStepWords + row * kMaxTileColumns + column;
  return hn::PromoteTo(WordTag(), hn::LoadU(hn::Rebind<std::uint32_t, WordTag>(), from));
}

/// Continues kRows x kLanes chains.
template <TileLayout kLayout, int kRows, class Step>
void continue_chains(const Step& step, const Tile& tile, const StepWords& words, int row,
                     int column) {
  const Operands<double, kLayout> operands(tile, row, column);
  float* sums = tile.sums + row * kColumns + column;
  Doubles sum[kRows];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) sum[i] = load(sums + i * kColumns);
  const std::int64_t depth = tile.depth;
  for (std::int64_t k = 0; k < depth; ++k) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      sum[i] = step(sum[i], operands.left(k, i, 0), operands.right(k, i, 0),
                    load_words<Step::kRandomProduct>(words.product, k, row + i, column),
                    load_words<Step::kRandomSum>(words.sum, k, row + i, column));
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) store(sum[i], sums + i * kColumns);
}

template <TileLayout kLayout, int kRows, class Step>
void continue_rows(const Step& step, const Tile& tile, const StepWords& words, int row) {
  for (int column = 0; column < tile.columns; column += kLanes) {
    continue_chains<kLayout, kRows>(step, tile, words, row, column);
  }
}

template <class Step>
struct MultiplyBy {
  const Step& step;
  const Tile& tile;
  const StepWords& words;

  template <TileLayout kLayout>
  void run() const {
    int row = 0;
    for (; tile.rows - row > 1; row += 4) continue_rows<kLayout, 4>(step, tile, words, row);
    if (row < tile.rows) continue_rows<kLayout, 1>(step, tile, words, row);
  }
};

template <class Step>
void add_by(const Step& step, const Tile& tile, const StepWords& words) {
  const Doubles one = set(1.0);
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; column += kLanes) {
      const int at = row * kColumns + column;
      const Doubles sum =
          step(load(tile.sums + at), load(tile.right + at), one, hn::Zero(WordTag()),
               load_words<Step::kRandomSum>(words.sum, 0, row, column));
      store(sum, tile.sums + at);
    }
  }
}

template <class Body>
void with_quick_step(const Plan64& plan, const Body& body) {
  const auto with_sum = [&]<Mode64 kSum>() HWY_ATTR {
    if (plan.quick_sum.exact_sum) {
      body(QuickStep<kSum, true>(plan));
    } else {
      body(QuickStep<kSum, false>(plan));
    }
  };
  if (plan.sum.mode == Mode64::nearest_even) {
    with_sum.template operator()<Mode64::nearest_even>();
  } else if (plan.sum.mode == Mode64::stochastic) {
    with_sum.template operator()<Mode64::stochastic>();
  } else {
    with_sum.template operator()<Mode64::deterministic>();
  }
}

/// The product's mode is a matter of compilation too, but for its deterministic modes.
template <class Body>
void with_step(const Plan64& plan, const Body& body) {
  const auto with_sum = [&]<Mode64 kProduct>() HWY_ATTR {
    if (plan.sum.mode == Mode64::nearest_even) {
      body(Step<kProduct, Mode64::nearest_even>(plan));
    } else if (plan.sum.mode == Mode64::deterministic) {
      body(Step<kProduct, Mode64::deterministic>(plan));
    } else {
      body(Step<kProduct, Mode64::stochastic>(plan));
    }
  };
  if (plan.quick_sum.used) {
    with_quick_step(plan, body);
  } else if (plan.product.mode == Mode64::none) {
    with_sum.template operator()<Mode64::none>();
  } else if (plan.product.mode == Mode64::stochastic) {
    with_sum.template operator()<Mode64::stochastic>();
  } else {
    with_sum.template operator()<Mode64::deterministic>();
  }
}

struct MultiplyBody {
  const Tile& tile;
  const StepWords& words;
  template <class Step>
  void operator()(const Step& step) const {
    with_layout(tile.layout, MultiplyBy<Step>{step, tile, words});
  }
};

struct AddBody {
  const Tile& tile;
  const StepWords& words;
  template <class Step>
  void operator()(const Step& step) const {
    add_by(step, tile, words);
  }
};

}  // namespace

void multiply_rounded64(const Tile& tile, const Plan64& plan, const StepWords& words) {
  with_step(plan, MultiplyBody{tile, words});
}

void add_rounded64(const Tile& tile, const Plan64& plan, const StepWords& words) {
  with_step(plan, AddBody{tile, words});
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(multiply_rounded64);
HWY_EXPORT(add_rounded64);

namespace {

bool is_random(const Rounding64& rounding) {
  return rounding.mode == Mode64::stochastic;
}

}  // namespace

void multiply_binary64(const Tile& tile, const Accumulation& self) {
  const Plan64& plan = self.plan64;
  const bool product = is_random(plan.product);
  const bool sum = is_random(plan.sum);
  if (!product && !sum) return HWY_DYNAMIC_DISPATCH(multiply_rounded64)(tile, plan, {});
  TileWords product_words(tile, self.product_key);
  TileWords sum_words(tile, self.sum_key);
  for_each_word_block(tile, [&](const Tile& part, std::uint64_t k) {
    const StepWords words{product ? product_words.make(k, plan.product.random_bits) : nullptr,
                          sum ? sum_words.make(k, plan.sum.random_bits) : nullptr};
    HWY_DYNAMIC_DISPATCH(multiply_rounded64)(part, plan, words);
  });
}

void add_binary64(const Tile& tile, const Accumulation& self) {
  const Plan64& plan = self.plan64;
  if (!is_random(plan.sum)) return HWY_DYNAMIC_DISPATCH(add_rounded64)(tile, plan, {});
  TileWords sum_words(tile, self.sum_key);
  const auto k = static_cast<std::uint64_t>(tile.first_k);
  const StepWords words{nullptr, sum_words.make(k, plan.sum.random_bits)};
  HWY_DYNAMIC_DISPATCH(add_rounded64)(tile, plan, words);
}

}  // namespace mantissa
#endif
