// What rounds one vector of scaled elements, in each rounding and with what it needs of random
// words. Included once for each target.

#if defined(MANTISSA_NUMERIC_SCALED_BODIES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_SCALED_BODIES_INL_H_
#undef MANTISSA_NUMERIC_SCALED_BODIES_INL_H_
#else
#define MANTISSA_NUMERIC_SCALED_BODIES_INL_H_
#endif

#include <array>
#include <cstddef>
#include <cstdint>

#include <hwy/highway.h>

#include "numeric/part_of_words.h"
#include "numeric/scaled_rounder-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;

inline constexpr std::size_t kMaxLanes = hn::MaxLanes(Tag());

alignas(64) inline constexpr std::array<std::uint32_t, kMaxLanes> kNoWords{};

// Each of the following rounds one vector of the elements from `at` on: `usual` where the scales
// are in range, `wide` by any. `Usual` is what `usual` needs: a copy of it can stay in registers,
// since nobody else has its address.

/// All in binary64.
template <Rounding kRounding>
class WideBody {
 public:
  static constexpr bool kAnyScale = true;
  static constexpr bool kRandom = kRounding == Rounding::stochastic;
  using Usual = WideScaledRounder<kRounding>;

  explicit WideBody(const ScaledRounding& rounding)
      : wide_(rounding), random_bits_(random_bits_of(rounding.mode)) {}

  void take(PartOfWords& words) { words_ = words.with_bits(random_bits_); }

  const Usual& usual() const { return wide_; }
  HWY_INLINE Floats round(const Usual& usual, Floats x, const LaneScales& scales,
                          std::size_t at) const {
    return usual(x, scales.scale, kRandom ? words_ + at : kNoWords.data());
  }
  HWY_INLINE Floats round_soon(const Usual& usual, Floats x, const LaneScales& scales,
                               std::size_t at) {
    return round(usual, x, scales, at);
  }
  void finish(float* /*destination*/) {}
  HWY_INLINE Floats wide(Floats x, Floats scale, std::size_t at) const {
    return wide_(x, scale, kRandom ? words_ + at : kNoWords.data());
  }

 private:
  Usual wide_;
  int random_bits_;
  const std::uint32_t* words_ = nullptr;
};

template <typename Quotient>
class NearestBody {
 public:
  static constexpr bool kAnyScale = Quotient::kExact;
  static constexpr bool kRandom = false;
  using Usual = NearestScaledRounder<Quotient>;

  explicit NearestBody(const ScaledRounding& rounding) : usual_(rounding), wide_(rounding) {}

  const Usual& usual() const { return usual_; }
  HWY_INLINE Floats round(const Usual& usual, Floats x, const LaneScales& scales,
                          std::size_t /*at*/) const {
    return usual(x, scales);
  }
  HWY_INLINE Floats round_soon(const Usual& usual, Floats x, const LaneScales& scales,
                               std::size_t /*at*/) {
    return usual(x, scales);
  }
  void finish(float* /*destination*/) {}
  HWY_NOINLINE Floats wide(Floats x, Floats scale, std::size_t /*at*/) const {
    return wide_(x, scale, kNoWords.data());
  }

 private:
  Usual usual_;
  WideScaledRounder<Rounding::nearest_even> wide_;
};

template <typename Quotient>
class StochasticBody {
 public:
  static constexpr bool kAnyScale = Quotient::kExact;
  static constexpr bool kRandom = true;
  using Usual = StochasticScaledRounder<Quotient>;

  explicit StochasticBody(const ScaledRounding& rounding) : usual_(rounding), wide_(rounding) {}

  void take(PartOfWords& words) {
    words_ = &words;
    halves_ = words.halves();
  }

  const Usual& usual() const { return usual_; }
  HWY_INLINE Floats round(const Usual& usual, Floats x, const LaneScales& scales,
                          std::size_t at) const {
    const auto result = usual(x, scales, hn::LoadU(hn::RebindToUnsigned<Tag>(), halves_ + at));
    if (HWY_LIKELY(hn::AllFalse(hn::RebindToSigned<Tag>(), result.undecided))) {
      return result.rounded;
    }
    return wide(x, scales.scale, at);
  }
  /// As `round`, but vectors that are undecided are right after `finish` only: a call among short
  /// runs would cost them their registers.
  HWY_INLINE Floats round_soon(const Usual& usual, Floats x, const LaneScales& scales,
                               std::size_t at) {
    const auto result = usual(x, scales, hn::LoadU(hn::RebindToUnsigned<Tag>(), halves_ + at));
    if (HWY_UNLIKELY(!hn::AllFalse(hn::RebindToSigned<Tag>(), result.undecided))) {
      Undecided& noted = undecided_[undecided_count_++];
      hn::Store(x, Tag(), noted.values.data());
      hn::Store(scales.scale, Tag(), noted.scales.data());
      noted.at = at;
    }
    return result.rounded;
  }
  HWY_NOINLINE Floats wide(Floats x, Floats scale, std::size_t at) const {
    return wide_(x, scale, words_->whole() + at);
  }
  HWY_NOINLINE void finish(float* destination) {
    const Tag d;
    for (; undecided_count_ > 0; --undecided_count_) {
      const Undecided& noted = undecided_[undecided_count_ - 1];
      const Floats x = hn::Load(d, noted.values.data());
      const Floats scales = hn::Load(d, noted.scales.data());
      hn::StoreU(wide(x, scales, noted.at), d, destination + noted.at);
    }
  }

 private:
  struct Undecided {
    alignas(64) std::array<float, kMaxLanes> values;
    alignas(64) std::array<float, kMaxLanes> scales;
    std::size_t at;
  };

  Usual usual_;
  WideScaledRounder<Rounding::stochastic> wide_;
  std::array<Undecided, PartOfWords::kCount / kMaxLanes> undecided_{};
  std::size_t undecided_count_ = 0;
  PartOfWords* words_ = nullptr;
  const std::uint32_t* halves_ = nullptr;
};

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
