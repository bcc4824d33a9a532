#include "numeric/quantize_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/quantize_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "numeric/philox-inl.h"
#include "numeric/rounding-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kRandomChunk = 1024;  // words made at a time; stays in the first-level cache

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

/// Calls `use(words, count, done)` for runs of words of the stream that begin at `first_index`,
/// until `total` are used. Behind `count` words there is room to read a vector more.
template <typename Use>
HWY_INLINE void with_random_words(RandomKey key, std::uint64_t first_index, std::size_t total,
                                  Use use) {
  constexpr std::size_t kRoom = 256;  // more than a step of the generator
  alignas(64) std::array<std::uint32_t, kRandomChunk + kRoom> words{};
  const PhiloxStream stream(key);
  const std::size_t step = PhiloxStream::step();
  const std::size_t offset = first_index % 4;  // blocks are of 4 words
  for (std::size_t done = 0; done < total; done += kRandomChunk) {
    const std::size_t count = std::min(kRandomChunk, total - done);
    const std::size_t filled = (offset + count + step - 1) / step * step;
    stream.fill((first_index + done) / 4, words.data(), filled);
    use(words.data() + offset, count, done);
  }
}

template <typename Rounder>
void run(const Rounder& rounder, bool stochastic, std::span<const float> source, float* destination,
         RandomKey key, std::uint64_t first_index) {
  if (!stochastic) {
    alignas(64) static constexpr std::array<std::uint32_t,
                                            hn::MaxLanes(hn::ScalableTag<std::uint32_t>())>
        kNoWords{};
    round_run<0>(rounder, source.data(), destination, source.size(), kNoWords.data());
    return;
  }
  with_random_words(key, first_index, source.size(),
                    [&](const std::uint32_t* words, std::size_t count, std::size_t done) {
                      round_run<1>(rounder, source.data() + done, destination + done, count, words);
                    });
}

template <Rounding kRounding>
void round_by_method(std::span<const float> source, float* destination, const RoundingGrid& grid,
                     RoundingMethod method, RoundingMode mode, RandomKey key,
                     std::uint64_t first_index) {
  constexpr bool kStochastic = kRounding == Rounding::stochastic;
  switch (method) {
    case RoundingMethod::bits:
      run(BitRounder<kRounding>(grid, mode), kStochastic, source, destination, key, first_index);
      break;
    case RoundingMethod::binary32:
      run(GridRounder<float, kRounding>(grid, mode), kStochastic, source, destination, key,
          first_index);
      break;
    case RoundingMethod::binary64:
      run(GridRounder<double, kRounding>(grid, mode), kStochastic, source, destination, key,
          first_index);
      break;
  }
}

void round_span(std::span<const float> source, float* destination, const RoundingGrid& grid,
                RoundingMethod method, RoundingMode mode, RandomKey key,
                std::uint64_t first_index) {
  using enum Rounding;
  switch (mode.rounding) {
    case nearest_even:
      return round_by_method<nearest_even>(source, destination, grid, method, mode, key,
                                           first_index);
    case nearest_away:
      return round_by_method<nearest_away>(source, destination, grid, method, mode, key,
                                           first_index);
    case toward_zero:
      return round_by_method<toward_zero>(source, destination, grid, method, mode, key,
                                          first_index);
    case up:
      return round_by_method<up>(source, destination, grid, method, mode, key, first_index);
    case down:
      return round_by_method<down>(source, destination, grid, method, mode, key, first_index);
    case to_odd:
      return round_by_method<to_odd>(source, destination, grid, method, mode, key, first_index);
    case stochastic:
      return round_by_method<stochastic>(source, destination, grid, method, mode, key, first_index);
  }
}

void fill_bits(std::span<std::uint32_t> words, RandomKey key, std::uint64_t first_index) {
  with_random_words(key, first_index, words.size(),
                    [&](const std::uint32_t* made, std::size_t count, std::size_t done) {
                      std::memcpy(words.data() + done, made, count * sizeof(std::uint32_t));
                    });
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(round_span);
HWY_EXPORT(fill_bits);

void quantize_on_grid(std::span<const float> source, std::span<float> destination,
                      const RoundingGrid& grid, RoundingMethod method, RoundingMode mode,
                      RandomKey key, std::uint64_t first_index) {
  HWY_DYNAMIC_DISPATCH(round_span)
  (source, destination.data(), grid, method, mode, key, first_index);
}

void fill_random_bits(std::span<std::uint32_t> words, RandomKey key, std::uint64_t first_index) {
  HWY_DYNAMIC_DISPATCH(fill_bits)(words, key, first_index);
}

}  // namespace mantissa
#endif
