#include "numeric/scaled_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "numeric/part_of_words.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/scaled_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "numeric/scaled_bodies-inl.h"

#ifndef MANTISSA_NUMERIC_SCALED_KERNELS_CPP_
#define MANTISSA_NUMERIC_SCALED_KERNELS_CPP_
namespace mantissa {

/// What is to be rounded, and where its scales are.
struct ScaledWork {
  const float* source;
  float* destination;
  std::size_t count;   ///< runs, or elements of a row
  std::size_t length;  ///< of a run; 0: a row with a scale for each element
  const float* scales;
  RandomKey key;
  std::uint64_t first_index;

  /// So many runs or elements from `first` on, of each run `length` elements from `offset` on.
  ScaledWork part(std::size_t first, std::size_t part_count, std::size_t offset,
                  std::size_t part_length) const {
    const std::size_t at = first * std::max<std::size_t>(length, 1) + offset;
    return {source + at, destination + at, part_count, part_length, scales + first,
            key,         first_index + at};
  }
  std::size_t elements() const { return count * std::max<std::size_t>(length, 1); }
};

}  // namespace mantissa
#endif

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Calls round(vector, place) for vectors of elements, the last one filled with zeros.
template <typename Round>
HWY_INLINE void for_each_vector(const float* source, float* destination, std::size_t count,
                                Round round) {
  const Tag d;
  std::size_t i = 0;
  for (; i + kMaxLanes <= count; i += kMaxLanes) {
    hn::StoreU(round(hn::LoadU(d, source + i), i), d, destination + i);
  }
  if (i == count) return;
  std::array<float, kMaxLanes> values{};
  std::memcpy(values.data(), source + i, (count - i) * sizeof(float));
  hn::StoreU(round(hn::LoadU(d, values.data()), i), d, values.data());
  std::memcpy(destination + i, values.data(), (count - i) * sizeof(float));
}

/// The scales of as many runs as a vector has lanes, and what belongs to them.
struct RunScales {
  alignas(64) std::array<float, kMaxLanes> scale{};
  alignas(64) std::array<float, kMaxLanes> reciprocal{};
  alignas(64) std::array<float, kMaxLanes> cut{};
  bool in_range = false;

  RunScales(const float* scales, std::size_t runs, const ScaledRounding& rounding) {
    const Tag d;
    scale.fill(1);
    std::memcpy(scale.data(), scales, runs * sizeof(float));
    const Floats all = hn::Load(d, scale.data());
    const LaneScales lanes = LaneScales::of(all, rounding);
    hn::Store(lanes.reciprocal, d, reciprocal.data());
    hn::Store(lanes.cut, d, cut.data());
    in_range = are_in_range(all);
  }

  static HWY_INLINE bool are_in_range(Floats scales) {
    const Tag d;
    return hn::AllTrue(d, hn::And(hn::Ge(scales, hn::Set(d, kMinQuotientScale)),
                                  hn::Le(scales, hn::Set(d, kMaxQuotientScale))));
  }
  HWY_INLINE LaneScales of(std::size_t run) const {
    const Tag d;
    return {hn::Set(d, scale[run]), hn::Set(d, reciprocal[run]), hn::Set(d, cut[run])};
  }
};

/// Elements that are fetched ahead of short runs, whose largest magnitudes are looked for next, and
/// places for the rounded ones: between the passes over a group of runs memory would be idle.
constexpr std::size_t kAheadOfSource = 2048;
constexpr std::size_t kAheadOfDestination = 512;

/// Runs of whole vectors, with scales in range.
template <typename Body>
HWY_INLINE void round_whole_runs(Body& body, const typename Body::Usual& usual,
                                 const ScaledWork& work, std::size_t group, std::size_t runs,
                                 const RunScales& scales) {
  const Tag d;
  std::size_t at = group * work.length;
  for (std::size_t i = 0; i < runs; ++i) {
    const LaneScales of_run = scales.of(i);
    for (const std::size_t end = at + work.length; at < end; at += kMaxLanes) {
      hwy::Prefetch(work.source + at + kAheadOfSource);
      hwy::Prefetch(work.destination + at + kAheadOfDestination);
      const Floats rounded = body.round_soon(usual, hn::LoadU(d, work.source + at), of_run, at);
      hn::StoreU(rounded, d, work.destination + at);
    }
  }
}

/// A run with one scale.
template <typename Body>
HWY_INLINE void round_run(const Body& body, const typename Body::Usual& usual,
                          const ScaledWork& work, std::size_t run, const LaneScales& scales) {
  const std::size_t first = run * work.length;
  const float* from = work.source + first;
  float* to = work.destination + first;
  if (Body::kAnyScale || RunScales::are_in_range(scales.scale)) {
    for_each_vector(from, to, work.length, [&](Floats x, std::size_t i) HWY_ATTR {
      return body.round(usual, x, scales, first + i);
    });
  } else {
    for_each_vector(from, to, work.length, [&](Floats x, std::size_t i) HWY_ATTR {
      return body.wide(x, scales.scale, first + i);
    });
  }
}

/// Run by run, the reciprocals of the scales by vectors.
template <typename Body>
HWY_INLINE void round_runs(Body& body, const ScaledRounding& rounding, const ScaledWork& work) {
  const typename Body::Usual usual = body.usual();
  const bool short_and_whole = work.count > 1 && work.length % kMaxLanes == 0;
  for (std::size_t group = 0; group < work.count; group += kMaxLanes) {
    const std::size_t runs = std::min(kMaxLanes, work.count - group);
    const RunScales scales(work.scales + group, runs, rounding);
    if (short_and_whole && (Body::kAnyScale || scales.in_range)) {
      round_whole_runs(body, usual, work, group, runs, scales);
      continue;
    }
    for (std::size_t i = 0; i < runs; ++i) round_run(body, usual, work, group + i, scales.of(i));
  }
  body.finish(work.destination);
}

/// Elements with a scale each.
template <typename Body>
HWY_INLINE void round_row(const Body& body, const ScaledRounding& rounding,
                          const ScaledWork& work) {
  const Tag d;
  const typename Body::Usual usual = body.usual();
  std::array<float, kMaxLanes> last{};
  last.fill(1);
  const std::size_t rest = work.count % kMaxLanes;
  std::memcpy(last.data(), work.scales + (work.count - rest), rest * sizeof(float));
  for_each_vector(work.source, work.destination, work.count, [&](Floats x, std::size_t i) HWY_ATTR {
    const bool whole = i + kMaxLanes <= work.count;
    const Floats scale = hn::LoadU(d, whole ? work.scales + i : last.data());
    if (Body::kAnyScale || HWY_LIKELY(RunScales::are_in_range(scale))) {
      return body.round(usual, x, LaneScales::of(scale, rounding), i);
    }
    return body.wide(x, scale, i);
  });
}

template <typename Body>
void round_part(Body& body, const ScaledRounding& rounding, const ScaledWork& work) {
  if (work.length == 0) {
    round_row(body, rounding, work);
  } else {
    round_runs(body, rounding, work);
  }
}

/// Calls `round` for parts of the work that one part of words serves: whole runs if they are short,
/// else parts of one.
template <typename Round>
void for_each_part(const ScaledWork& work, Round round) {
  constexpr std::size_t kCount = PartOfWords::kCount;
  if (work.length <= kCount) {
    const std::size_t step = kCount / std::max<std::size_t>(work.length, 1);
    for (std::size_t first = 0; first < work.count; first += step) {
      round(work.part(first, std::min(step, work.count - first), 0, work.length));
    }
    return;
  }
  for (std::size_t run = 0; run < work.count; ++run) {
    for (std::size_t offset = 0; offset < work.length; offset += kCount) {
      round(work.part(run, 1, offset, std::min(kCount, work.length - offset)));
    }
  }
}

template <typename Body>
void round_by(const ScaledRounding& rounding, const ScaledWork& work) {
  Body body(rounding);
  if constexpr (Body::kRandom) {
    PartOfWords words(work.key);
    for_each_part(work, [&](const ScaledWork& part) HWY_ATTR {
      words.begin(part.first_index, part.elements());
      body.take(words);
      round_part(body, rounding, part);
    });
  } else {
    round_part(body, rounding, work);
  }
}

/// To nearest or stochastically, by the method.
template <template <typename> class Body, Rounding kRounding>
void round_by_method(const ScaledRounding& rounding, const ScaledWork& work) {
  switch (rounding.method) {
    case ScaledMethod::power:
      return round_by<Body<PowerQuotient>>(rounding, work);
    case ScaledMethod::real:
      return round_by<Body<RealQuotient>>(rounding, work);
    case ScaledMethod::wide:
      return round_by<WideBody<kRounding>>(rounding, work);
  }
}

void round_scaled_work(const ScaledRounding& rounding, const ScaledWork& work) {
  using enum Rounding;
  switch (rounding.mode.rounding) {
    case nearest_even:
      return round_by_method<NearestBody, nearest_even>(rounding, work);
    case nearest_away:
      return round_by<WideBody<nearest_away>>(rounding, work);
    case toward_zero:
      return round_by<WideBody<toward_zero>>(rounding, work);
    case up:
      return round_by<WideBody<up>>(rounding, work);
    case down:
      return round_by<WideBody<down>>(rounding, work);
    case to_odd:
      return round_by<WideBody<to_odd>>(rounding, work);
    case stochastic:
      return round_by_method<StochasticBody, stochastic>(rounding, work);
  }
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(round_scaled_work);

namespace {

/// The way that is right for all elements and scales of the quantization, but for single scales.
ScaledMethod method_of(const RoundingGrid& grid, const Quantization& quantization) {
  constexpr int kMinQuantumExponent = -40;  // quotients by scales in range keep their remainders
  constexpr int kMaxExponent = 20;          // the largest element times such a scale is finite
  const bool random = quantization.rounding.rounding == Rounding::stochastic;
  const bool in_binary32 = rounding_method(grid) == RoundingMethod::binary32 &&
                           (!random || can_round_codes(grid)) && grid.min_magnitude == 0 &&
                           grid.min_quantum_exponent() >= kMinQuantumExponent &&
                           grid.max_exponent <= kMaxExponent;
  if (!in_binary32) return ScaledMethod::wide;
  return quantization.scaling.kind == ScaleKind::power_of_two ? ScaledMethod::power
                                                              : ScaledMethod::real;
}

}  // namespace

ScaledRounder::ScaledRounder(const Quantization& quantization) {
  RoundingGrid& grid = rounding_.grid;
  grid = rounding_grid(quantization.format);
  grid.max_negative = grid.max_positive;
  grid.overflow_positive = grid.max_positive;
  grid.overflow_negative = grid.max_positive;
  rounding_.mode = quantization.rounding;
  const double infinity = std::numeric_limits<double>::infinity();
  rounding_.infinite = static_cast<float>(round_to_format(infinity, quantization.format, {}));
  rounding_.cut = std::ldexp(1.0F, grid.max_exponent + 1);
  rounding_.method = method_of(grid, quantization);
}

void ScaledRounder::round_runs(const float* source, float* destination, std::int64_t count,
                               std::int64_t length, const float* scales, RandomKey key,
                               std::uint64_t first_index) const {
  HWY_DYNAMIC_DISPATCH(round_scaled_work)
  (rounding_, {source, destination, static_cast<std::size_t>(count),
               static_cast<std::size_t>(length), scales, key, first_index});
}

void ScaledRounder::round_elements(const float* source, float* destination, std::int64_t count,
                                   const float* scales, RandomKey key,
                                   std::uint64_t first_index) const {
  round_runs(source, destination, count, 0, scales, key, first_index);
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
