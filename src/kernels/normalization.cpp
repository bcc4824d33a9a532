#include "kernels/normalization.h"

#include <algorithm>
#include <cstddef>

#include "tensor/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalization.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// An operand by channel: one value along a run of one channel's elements, or (where a run is a row
/// of channels) a vector of neighbours.
template <bool kOneChannel, typename D>
HWY_INLINE hn::Vec<D> of_channel(D d, const float* values, std::int64_t channel, std::int64_t i) {
  if constexpr (kOneChannel) {
    return hn::Set(d, values[channel]);
  } else {
    return hn::LoadU(d, values + i);
  }
}

/// Calls step(d, i, of) for each vector of elements from i on of the runs [first, last); of(values)
/// is an operand by channel. Wide vectors, then narrow ones, then single elements.
template <bool kOneChannel, typename Step>
HWY_INLINE void for_each_run(std::int64_t first, std::int64_t last, std::int64_t length,
                             std::int64_t channels, const Step& step) {
  const hn::CappedTag<float, 16> wide;
  const hn::CappedTag<float, 4> narrow;
  const hn::CappedTag<float, 1> single;
  constexpr auto kWide = static_cast<std::int64_t>(hn::MaxLanes(hn::CappedTag<float, 16>()));
  for (std::int64_t run = first; run < last; ++run) {
    const std::int64_t channel = run % channels;
    const std::int64_t start = run * length;
    std::int64_t i = 0;
    const auto advance = [&](auto d, std::int64_t lanes) {
      for (; i + lanes <= length; i += lanes) {
        step(d, start + i,
             [&](const float* values) { return of_channel<kOneChannel>(d, values, channel, i); });
      }
    };
    advance(wide, kWide);
    advance(narrow, 4);
    advance(single, 1);
  }
}

template <typename Step>
HWY_INLINE void for_each_element(const ChannelLayout& layout, std::int64_t first, std::int64_t last,
                                 const Step& step) {
  if (layout.inner == 1) {
    for_each_run<false>(first, last, layout.channels, layout.channels, step);
  } else {
    for_each_run<true>(first, last, layout.inner, layout.channels, step);
  }
}

void normalize_runs(const ChannelLayout& layout, std::int64_t first, std::int64_t last,
                    const float* x, const float* mean, const float* factor, const float* bias,
                    float* y) {
  for_each_element(layout, first, last, [&](auto d, std::int64_t i, const auto& of) {
    const auto centred = hn::Sub(hn::LoadU(d, x + i), of(mean));
    hn::StoreU(hn::Add(hn::Mul(centred, of(factor)), of(bias)), d, y + i);
  });
}

void gradient_of_runs(const ChannelLayout& layout, std::int64_t first, std::int64_t last,
                      const float* grad_y, const float* x, const NormalizationOperands& by,
                      float* grad_x) {
  for_each_element(layout, first, last, [&](auto d, std::int64_t i, const auto& of) {
    const auto centred = hn::Sub(hn::LoadU(d, x + i), of(by.mean));
    const auto gradient = hn::Sub(hn::LoadU(d, grad_y + i), of(by.offset));
    const auto along = hn::Sub(gradient, hn::Mul(centred, of(by.slope)));
    hn::StoreU(hn::Mul(of(by.factor), along), d, grad_x + i);
  });
}

void scale_runs(const ChannelLayout& layout, std::int64_t first, std::int64_t last, const float* x,
                const float* factor, float* y) {
  for_each_element(layout, first, last, [&](auto d, std::int64_t i, const auto& of) {
    hn::StoreU(hn::Mul(hn::LoadU(d, x + i), of(factor)), d, y + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace mantissa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(normalize_runs);
HWY_EXPORT(gradient_of_runs);
HWY_EXPORT(scale_runs);

namespace {

/// Elements that are worth a task of their own.
constexpr std::int64_t kTaskElements = 16384;

/// Calls body(first, last) on ranges of runs: of `inner` elements, or of all channels where inner
/// is 1.
template <typename Body>
void for_each_range(const ChannelLayout& layout, const Body& body) {
  const std::int64_t length = layout.inner == 1 ? layout.channels : layout.inner;
  const std::int64_t grain =
      std::max<std::int64_t>(1, kTaskElements / std::max<std::int64_t>(1, length));
  parallel_for(layout.elements() / std::max<std::int64_t>(1, length), grain, body);
}

}  // namespace

void normalize_channels(const ChannelLayout& layout, const float* x, const float* mean,
                        const float* factor, const float* bias, float* y) {
  for_each_range(layout, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(normalize_runs)(layout, first, last, x, mean, factor, bias, y);
  });
}

void normalization_gradient(const ChannelLayout& layout, const float* grad_y, const float* x,
                            const NormalizationOperands& operands, float* grad_x) {
  for_each_range(layout, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(gradient_of_runs)(layout, first, last, grad_y, x, operands, grad_x);
  });
}

void scale_channels(const ChannelLayout& layout, const float* x, const float* factor, float* y) {
  for_each_range(layout, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(scale_runs)(layout, first, last, x, factor, y);
  });
}

}  // namespace mantissa
#endif  // HWY_ONCE
