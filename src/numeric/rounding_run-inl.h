// Rounding runs of elements by a rounder of vectors. Included once for each target.

#if defined(MANTISSA_NUMERIC_ROUNDING_RUN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_ROUNDING_RUN_INL_H_
#undef MANTISSA_NUMERIC_ROUNDING_RUN_INL_H_
#else
#define MANTISSA_NUMERIC_ROUNDING_RUN_INL_H_
#endif

#include <array>
#include <cstring>

#include <hwy/highway.h>

#include "numeric/rounding-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Rounds one vector of binary32 values, the words of its lanes at `words`.
template <typename Rounder>
HWY_INLINE hn::Vec<hn::ScalableTag<float>> round_vector(const Rounder& rounder,
                                                        hn::Vec<hn::ScalableTag<float>> x,
                                                        const std::uint32_t* words) {
  return rounder(x, hn::LoadU(typename Rounder::Unsigned(), words));
}

/// The same by way of binary64.
template <Rounding kRounding>
HWY_INLINE hn::Vec<hn::ScalableTag<float>> round_vector(
    const GridRounder<double, kRounding>& rounder, hn::Vec<hn::ScalableTag<float>> x,
    const std::uint32_t* words) {
  const hn::ScalableTag<float> tag;
  const hn::Half<decltype(tag)> half;
  const hn::ScalableTag<double> wide;
  const hn::ScalableTag<std::uint64_t> wide_words;
  const hn::Rebind<std::uint32_t, decltype(wide_words)> narrow_words;
  const std::size_t lanes = hn::Lanes(wide);
  const auto low = rounder(hn::PromoteTo(wide, hn::LowerHalf(half, x)),
                           hn::PromoteTo(wide_words, hn::LoadU(narrow_words, words)));
  const auto high = rounder(hn::PromoteTo(wide, hn::UpperHalf(half, x)),
                            hn::PromoteTo(wide_words, hn::LoadU(narrow_words, words + lanes)));
  return hn::Combine(tag, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
}

/// Rounds `count` elements; `words` has one word for each and as many behind them as a vector has
/// lanes, or is a vector of anything if `kAdvance` is 0.
template <std::size_t kAdvance, typename Rounder>
HWY_INLINE void round_run(const Rounder& rounder, const float* source, float* destination,
                          std::size_t count, const std::uint32_t* words) {
  const hn::ScalableTag<float> tag;
  const std::size_t lanes = hn::Lanes(tag);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(round_vector(rounder, hn::LoadU(tag, source + i), words + kAdvance * i), tag,
               destination + i);
  }
  if (i == count) return;
  std::array<float, hn::MaxLanes(tag)> last{};
  std::memcpy(last.data(), source + i, (count - i) * sizeof(float));
  hn::StoreU(round_vector(rounder, hn::LoadU(tag, last.data()), words + kAdvance * i), tag,
             last.data());
  std::memcpy(destination + i, last.data(), (count - i) * sizeof(float));
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
