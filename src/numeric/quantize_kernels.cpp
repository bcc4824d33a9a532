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
#include "numeric/rounding_run-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kRandomChunk = 1024;  // words made at a time; stays in the first-level cache

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
