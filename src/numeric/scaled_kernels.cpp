#include "numeric/scaled_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "numeric/rounding_words.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/scaled_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "numeric/quantize_kernels.h"
#include "numeric/rounding-inl.h"

#ifndef MANTISSA_NUMERIC_SCALED_KERNELS_CPP_
#define MANTISSA_NUMERIC_SCALED_KERNELS_CPP_
namespace mantissa {

/// What the kernels know of a ScaledRounder.
struct ScaledRounding {
  const RoundingGrid& grid;
  RoundingMode mode;
  float infinite;
  bool in_binary32;
};

}  // namespace mantissa
#endif

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;

HWY_INLINE Floats finite_magnitude(Floats x) {
  const Floats magnitude = hn::Abs(x);
  return hn::IfThenElseZero(hn::Lt(magnitude, hn::Inf(Tag())), magnitude);  // not so for NaN
}

void max_of_runs(const float* source, std::int64_t count, std::int64_t length, float* maxima) {
  const Tag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t run = 0; run < count; ++run, source += length) {
    Floats largest = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + lanes <= length; i += lanes) {
      largest = hn::Max(largest, finite_magnitude(hn::LoadU(d, source + i)));
    }
    float maximum = hn::GetLane(hn::MaxOfLanes(d, largest));
    for (; i < length; ++i) {
      const float magnitude = std::abs(source[i]);
      if (magnitude > maximum && std::isfinite(magnitude)) maximum = magnitude;
    }
    maxima[run] = maximum;
  }
}

void raise_maxima(const float* row, std::int64_t count, float* maxima) {
  const Tag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const Floats magnitude = finite_magnitude(hn::LoadU(d, row + i));
    hn::StoreU(hn::Max(hn::LoadU(d, maxima + i), magnitude), d, maxima + i);
  }
  for (; i < count; ++i) {
    const float magnitude = std::abs(row[i]);
    if (magnitude > maxima[i] && std::isfinite(magnitude)) maxima[i] = magnitude;
  }
}

/// Rounds one vector with the scales of its lanes; the words of stochastic rounding at `words`.
template <typename Lane, Rounding kRounding>
class VectorRounder;

/// Scales are powers of two: multiplying by the reciprocal is exact, or so far below the smallest
/// element that rounding to nearest, toward zero or by 32 random bits gives zero either way.
template <Rounding kRounding>
class VectorRounder<float, kRounding> {
 public:
  explicit VectorRounder(const ScaledRounding& rounding)
      : rounder_(rounding.grid, rounding.mode), infinite_(hn::Set(Tag(), rounding.infinite)) {}

  HWY_INLINE Floats operator()(Floats x, Floats scale, const std::uint32_t* words) const {
    const Floats quotient = hn::Mul(x, hn::Div(hn::Set(Tag(), 1.0F), scale));
    const auto random = hn::LoadU(hn::ScalableTag<std::uint32_t>(), words);
    const Floats element = rounder_(quotient, random);
    const Floats infinite = hn::CopySignToAbs(infinite_, x);
    return hn::Mul(hn::IfThenElse(hn::IsInf(x), infinite, element), scale);
  }

 private:
  GridRounder<float, kRounding> rounder_;
  Floats infinite_;
};

/// In binary64 a quotient of two binary32 numbers that is no tie is not rounded to one: ties have
/// at most 25 bits, and the quotient differs from them by more than the last of 53.
template <Rounding kRounding>
class VectorRounder<double, kRounding> {
 public:
  explicit VectorRounder(const ScaledRounding& rounding)
      : rounder_(rounding.grid, rounding.mode),
        infinite_(hn::Set(Wide(), static_cast<double>(rounding.infinite))) {}

  HWY_INLINE Floats operator()(Floats x, Floats scale, const std::uint32_t* words) const {
    const hn::Half<Tag> half;
    const auto low = round_half(hn::LowerHalf(half, x), hn::LowerHalf(half, scale), words);
    const auto high =
        round_half(hn::UpperHalf(half, x), hn::UpperHalf(half, scale), words + hn::Lanes(Wide()));
    return hn::Combine(Tag(), high, low);
  }

 private:
  using Wide = hn::ScalableTag<double>;
  using Narrow = hn::Vec<hn::Half<Tag>>;

  HWY_INLINE Narrow round_half(Narrow x, Narrow scale, const std::uint32_t* words) const {
    const Wide d;
    const hn::ScalableTag<std::uint64_t> wide_words;
    const hn::Rebind<std::uint32_t, decltype(wide_words)> narrow_words;
    const auto value = hn::PromoteTo(d, x);
    const auto factor = hn::PromoteTo(d, scale);
    const auto random = hn::PromoteTo(wide_words, hn::LoadU(narrow_words, words));
    const auto element = rounder_(hn::Div(value, factor), random);
    const auto infinite = hn::CopySignToAbs(infinite_, value);
    const auto member = hn::Mul(hn::IfThenElse(hn::IsInf(value), infinite, element), factor);
    return hn::DemoteTo(hn::Half<Tag>(), member);
  }

  GridRounder<double, kRounding> rounder_;
  hn::Vec<Wide> infinite_;
};

constexpr std::size_t kMaxLanes = hn::MaxLanes(Tag());

/// A vector of `count` elements, fewer than there are lanes.
template <typename Rounder>
HWY_INLINE void round_rest(const Rounder& rounder, const float* source, float* destination,
                           std::size_t count, Floats scale, const std::uint32_t* words) {
  const Tag d;
  std::array<float, kMaxLanes> values{};
  std::memcpy(values.data(), source, count * sizeof(float));
  hn::StoreU(rounder(hn::LoadU(d, values.data()), scale, words), d, values.data());
  std::memcpy(destination, values.data(), count * sizeof(float));
}

/// One run with one scale. `kAdvance` is 0 where nothing is random and `words` a vector of zeros.
template <std::size_t kAdvance, typename Rounder>
HWY_INLINE void round_run(const Rounder& rounder, const float* source, float* destination,
                          std::size_t count, float scale, const std::uint32_t* words) {
  const Tag d;
  const Floats scales = hn::Set(d, scale);
  std::size_t i = 0;
  for (; i + kMaxLanes <= count; i += kMaxLanes) {
    hn::StoreU(rounder(hn::LoadU(d, source + i), scales, words + kAdvance * i), d, destination + i);
  }
  if (i < count) {
    round_rest(rounder, source + i, destination + i, count - i, scales, words + kAdvance * i);
  }
}

template <std::size_t kAdvance, typename Rounder>
HWY_INLINE void round_row(const Rounder& rounder, const float* source, float* destination,
                          std::size_t count, const float* scales, const std::uint32_t* words) {
  const Tag d;
  std::size_t i = 0;
  for (; i + kMaxLanes <= count; i += kMaxLanes) {
    hn::StoreU(rounder(hn::LoadU(d, source + i), hn::LoadU(d, scales + i), words + kAdvance * i), d,
               destination + i);
  }
  if (i == count) return;
  std::array<float, kMaxLanes> last{};
  last.fill(1);
  std::memcpy(last.data(), scales + i, (count - i) * sizeof(float));
  round_rest(rounder, source + i, destination + i, count - i, hn::LoadU(d, last.data()),
             words + kAdvance * i);
}

/// What is to be rounded, and where its scales are.
struct Work {
  const float* source;
  float* destination;
  std::size_t count;   ///< runs, or elements of a row
  std::size_t length;  ///< of a run; 0: a row with a scale for each element
  const float* scales;
  const std::uint32_t* words;  ///< null: nothing is random
};

template <std::size_t kAdvance, typename Rounder>
void round_work(const Rounder& rounder, const Work& work, const std::uint32_t* words) {
  if (work.length == 0) {
    round_row<kAdvance>(rounder, work.source, work.destination, work.count, work.scales, words);
    return;
  }
  for (std::size_t run = 0; run < work.count; ++run) {
    const std::size_t at = run * work.length;
    round_run<kAdvance>(rounder, work.source + at, work.destination + at, work.length,
                        work.scales[run], words + kAdvance * at);
  }
}

template <typename Lane, Rounding kRounding>
void round_by(const ScaledRounding& rounding, const Work& work) {
  static constexpr std::array<std::uint32_t, kMaxLanes> kNoWords{};
  const VectorRounder<Lane, kRounding> rounder(rounding);
  if constexpr (kRounding == Rounding::stochastic) {
    round_work<1>(rounder, work, work.words);
  } else {
    round_work<0>(rounder, work, kNoWords.data());
  }
}

void round_scaled_work(const ScaledRounding& rounding, const Work& work) {
  using enum Rounding;
  const bool narrow = rounding.in_binary32;
  switch (rounding.mode.rounding) {
    case nearest_even:
      return narrow ? round_by<float, nearest_even>(rounding, work)
                    : round_by<double, nearest_even>(rounding, work);
    case nearest_away:
      return round_by<double, nearest_away>(rounding, work);
    case toward_zero:
      return round_by<double, toward_zero>(rounding, work);
    case up:
      return round_by<double, up>(rounding, work);
    case down:
      return round_by<double, down>(rounding, work);
    case to_odd:
      return round_by<double, to_odd>(rounding, work);
    case stochastic:
      return narrow ? round_by<float, stochastic>(rounding, work)
                    : round_by<double, stochastic>(rounding, work);
  }
}

void round_runs_of(const ScaledRounding& rounding, const float* source, float* destination,
                   std::size_t count, std::size_t length, const float* scales,
                   const std::uint32_t* words) {
  round_scaled_work(rounding, {source, destination, count, length, scales, words});
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(max_of_runs);
HWY_EXPORT(raise_maxima);
HWY_EXPORT(round_runs_of);

namespace {

constexpr std::int64_t kWords = 4096;  // made at a time
constexpr std::int64_t kRoom = 64;     // a vector may read behind the last

}  // namespace

void max_magnitudes(const float* source, std::int64_t count, std::int64_t length, float* maxima) {
  HWY_DYNAMIC_DISPATCH(max_of_runs)(source, count, length, maxima);
}

void raise_max_magnitudes(const float* row, std::int64_t count, float* maxima) {
  HWY_DYNAMIC_DISPATCH(raise_maxima)(row, count, maxima);
}

ScaledRounder::ScaledRounder(const Quantization& quantization)
    : grid_(rounding_grid(quantization.format)),
      mode_(quantization.rounding),
      infinite_(round_to_format(std::numeric_limits<double>::infinity(), quantization.format, {})),
      in_binary32_(quantization.scaling.kind == ScaleKind::power_of_two &&
                   rounding_method(grid_) == RoundingMethod::binary32) {
  grid_.max_negative = grid_.max_positive;
  grid_.overflow_positive = grid_.max_positive;
  grid_.overflow_negative = grid_.max_positive;
}

void ScaledRounder::round_runs(const float* source, float* destination, std::int64_t count,
                               std::int64_t length, const float* scales, RandomKey key,
                               std::uint64_t first_index) const {
  const ScaledRounding rounding{grid_, mode_, static_cast<float>(infinite_), in_binary32_};
  const auto run = [&](std::int64_t first, std::int64_t runs, std::int64_t run_length,
                       std::int64_t offset, const std::uint32_t* words) {
    HWY_DYNAMIC_DISPATCH(round_runs_of)
    (rounding, source + offset, destination + offset, static_cast<std::size_t>(runs),
     static_cast<std::size_t>(run_length), scales + first, words);
  };
  if (mode_.rounding != Rounding::stochastic) {
    run(0, count, length, 0, nullptr);
    return;
  }
  std::array<std::uint32_t, kWords + kRoom> words{};
  const auto fill = [&](std::int64_t offset, std::int64_t made) {
    fill_rounding_words({words.data(), static_cast<std::size_t>(made)}, key,
                        first_index + static_cast<std::uint64_t>(offset));
  };
  // Whole runs at a time if they are short, else parts of one.
  const std::int64_t step = std::max<std::int64_t>(1, kWords / length);
  for (std::int64_t first = 0; first < count; first += step) {
    const std::int64_t runs = std::min(step, count - first);
    const std::int64_t end = (first + runs) * length;
    if (runs * length <= kWords) {
      fill(first * length, runs * length);
      run(first, runs, length, first * length, words.data());
      continue;
    }
    for (std::int64_t offset = first * length; offset < end; offset += kWords) {
      const std::int64_t part = std::min(kWords, end - offset);
      fill(offset, part);
      run(first, 1, part, offset, words.data());
    }
  }
}

void ScaledRounder::round_elements(const float* source, float* destination, std::int64_t count,
                                   const float* scales, RandomKey key,
                                   std::uint64_t first_index) const {
  const ScaledRounding rounding{grid_, mode_, static_cast<float>(infinite_), in_binary32_};
  std::array<std::uint32_t, kWords + kRoom> words;
  for (std::int64_t i = 0; i < count; i += kWords) {
    const std::int64_t part = std::min(kWords, count - i);
    if (mode_.rounding == Rounding::stochastic) {
      fill_rounding_words({words.data(), static_cast<std::size_t>(part)}, key,
                          first_index + static_cast<std::uint64_t>(i));
    }
    HWY_DYNAMIC_DISPATCH(round_runs_of)
    (rounding, source + i, destination + i, static_cast<std::size_t>(part), 0, scales + i,
     words.data());
  }
}

double round_scaled(float value, float scale, const Quantization& quantization,
                    std::uint32_t random) {
  const double factor = static_cast<double>(scale);
  if (std::isnan(value)) return static_cast<double>(value);
  const double largest = facts(quantization.format).max_finite;
  if (std::isinf(value)) {
    const double infinite =
        round_to_format(std::numeric_limits<double>::infinity(), quantization.format, {});
    return std::copysign(infinite, static_cast<double>(value)) * factor;
  }
  const double quotient = static_cast<double>(value) / factor;
  const double bounded = std::clamp(quotient, -largest, largest);
  return round_to_format(bounded, quantization.format, quantization.rounding, random) * factor;
}

}  // namespace mantissa
#endif
