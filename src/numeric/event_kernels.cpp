#include <cstddef>

#include "numeric/events.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/event_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
using Masks = hn::Mask<Tag>;

/// The limits of each lane's format.
struct LaneLimits {
  Floats largest;
  Floats most_negative;
  Floats min_normal;

  HWY_INLINE explicit LaneLimits(const EventLimits& limits)
      : largest(hn::Set(Tag(), limits.largest)),
        most_negative(hn::Set(Tag(), limits.most_negative)),
        min_normal(hn::Set(Tag(), limits.min_normal)) {}

  HWY_INLINE LaneLimits scaled(Floats scale) const {
    LaneLimits limits = *this;
    limits.largest = hn::Mul(largest, scale);
    limits.most_negative = hn::Mul(most_negative, scale);
    limits.min_normal = hn::Mul(min_normal, scale);
    return limits;
  }
};

HWY_INLINE std::int64_t count(Masks mask) {
  return static_cast<std::int64_t>(hn::CountTrue(Tag(), mask));
}

/// Lanes that are +0 before and after have no events.
HWY_INLINE void tally(Floats before, Floats after, const LaneLimits& limits, TensorEvents& events) {
  const Floats zero = hn::Zero(Tag());
  const Masks is_zero = hn::Eq(after, zero);
  events.overflows +=
      count(hn::Or(hn::Gt(before, limits.largest), hn::Lt(before, limits.most_negative)));
  // A NaN before is one afterwards, and not zero.
  events.underflows += count(hn::AndNot(hn::Eq(before, zero), is_zero));
  events.subnormals += count(hn::AndNot(is_zero, hn::Lt(hn::Abs(after), limits.min_normal)));
  events.nans += count(hn::IsNaN(after));
}

/// Calls body(first lane, load) for each vector of `size` elements; `load` fills the lanes behind
/// the last one with +0.
template <typename Body>
HWY_INLINE void for_each_vector(std::int64_t size, Body body) {
  const Tag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    body(i, [&](const float* from) { return hn::LoadU(d, from); });
  }
  if (i == size) return;
  const Masks used = hn::FirstN(d, static_cast<std::size_t>(size - i));
  body(i, [&](const float* from) { return hn::MaskedLoad(used, d, from); });
}

void count_runs(const float* source, const float* rounded, std::int64_t runs, std::int64_t length,
                const float* scales, const EventLimits& limits, TensorEvents& events) {
  const LaneLimits unscaled(limits);
  TensorEvents found;
  for (std::int64_t run = 0; run < runs; ++run, source += length, rounded += length) {
    const LaneLimits own = unscaled.scaled(hn::Set(Tag(), scales[run]));
    for_each_vector(length, [&](std::int64_t i, auto load) {
      tally(load(source + i), load(rounded + i), own, found);
    });
  }
  found.values = runs * length;
  events += found;
}

void count_elements(const float* source, const float* rounded, std::int64_t size,
                    const float* scales, const EventLimits& limits, TensorEvents& events) {
  const LaneLimits unscaled(limits);
  TensorEvents found;
  for_each_vector(size, [&](std::int64_t i, auto load) {
    tally(load(source + i), load(rounded + i), unscaled.scaled(load(scales + i)), found);
  });
  found.values = size;
  events += found;
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(count_runs);
HWY_EXPORT(count_elements);

void count_events(std::span<const float> source, std::span<const float> rounded,
                  const EventLimits& limits, TensorEvents& events) {
  const float unscaled = 1;
  count_run_events(source.data(), rounded.data(), 1, static_cast<std::int64_t>(source.size()),
                   &unscaled, limits, events);
}

void count_run_events(const float* source, const float* rounded, std::int64_t count,
                      std::int64_t length, const float* scales, const EventLimits& limits,
                      TensorEvents& events) {
  HWY_DYNAMIC_DISPATCH(count_runs)(source, rounded, count, length, scales, limits, events);
}

void count_element_events(const float* source, const float* rounded, std::int64_t count,
                          const float* scales, const EventLimits& limits, TensorEvents& events) {
  HWY_DYNAMIC_DISPATCH(count_elements)(source, rounded, count, scales, limits, events);
}

}  // namespace mantissa
#endif
