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
#include "numeric/rounding_words.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kRandomChunk = 1024;  // words made at a time; stays in the first-level cache

/// Random bits of each word that rounding on the grid can depend on.
int needed_random_bits(const RoundingGrid& grid, RoundingMethod method, RoundingMode mode) {
  const int asked = mode.random_bits == 0 ? 32 : mode.random_bits;
  // Where every magnitude loses the same bits no more are compared with the word.
  return method == RoundingMethod::bits ? std::min(asked, 23 - grid.fraction_bits) : asked;
}

template <typename Rounder>
void run_stochastic(const Rounder& rounder, int random_bits, std::span<const float> source,
                    float* destination, RandomKey key, std::uint64_t first_index) {
  constexpr std::size_t kStep = 4 * kRoundingBlock;
  constexpr std::size_t kVector = hn::MaxLanes(hn::ScalableTag<std::uint32_t>());
  alignas(64) std::array<std::uint32_t, kRandomChunk + kStep + kVector> words{};
  const std::size_t offset = first_index % kRoundingBlock;
  for (std::size_t done = 0; done < source.size(); done += kRandomChunk) {
    const std::size_t count = std::min(kRandomChunk, source.size() - done);
    const std::size_t filled = (offset + count + kStep - 1) / kStep * kStep;
    fill_rounding_blocks(std::span(words).first(filled), key, (first_index + done) / kRoundingBlock,
                         random_bits);
    round_run<1>(rounder, source.data() + done, destination + done, count, words.data() + offset);
  }
}

template <typename Rounder>
void run(const Rounder& rounder, std::span<const float> source, float* destination) {
  alignas(
      64) static constexpr std::array<std::uint32_t, hn::MaxLanes(hn::ScalableTag<std::uint32_t>())>
      kNoWords{};
  round_run<0>(rounder, source.data(), destination, source.size(), kNoWords.data());
}

template <Rounding kRounding>
void round_by_method(std::span<const float> source, float* destination, const RoundingGrid& grid,
                     RoundingMethod method, RoundingMode mode, RandomKey key,
                     std::uint64_t first_index) {
  const auto with = [&](const auto& rounder) HWY_ATTR {
    if constexpr (kRounding == Rounding::stochastic) {
      run_stochastic(rounder, needed_random_bits(grid, method, mode), source, destination, key,
                     first_index);
    } else {
      run(rounder, source, destination);
    }
  };
  switch (method) {
    case RoundingMethod::bits:
      return with(BitRounder<kRounding>(grid, mode));
    case RoundingMethod::binary32:
      return with(GridRounder<float, kRounding>(grid, mode));
    case RoundingMethod::binary64:
      return with(GridRounder<double, kRounding>(grid, mode));
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
  constexpr std::size_t kRoom = 256;  // more than a step of the generator
  alignas(64) std::array<std::uint32_t, kRandomChunk + kRoom> made{};
  const PhiloxStream stream(key);
  const std::size_t step = PhiloxStream::step();
  const std::size_t offset = first_index % 4;  // blocks are of 4 words
  for (std::size_t done = 0; done < words.size(); done += kRandomChunk) {
    const std::size_t count = std::min(kRandomChunk, words.size() - done);
    const std::size_t filled = (offset + count + step - 1) / step * step;
    stream.fill((first_index + done) / 4, made.data(), filled);
    std::memcpy(words.data() + done, made.data() + offset, count * sizeof(std::uint32_t));
  }
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
