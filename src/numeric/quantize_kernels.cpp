#include "numeric/quantize_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/quantize_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "numeric/halves_run-inl.h"
#include "numeric/philox-inl.h"
#include "numeric/rounding_run-inl.h"
#include "numeric/stochastic_rounder-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <bool kSubnormals, typename Rounder>
void run_quick(const Rounder& rounder, std::span<const float> source, float* destination,
               const RoundingGrid& grid, RoundingMode mode, RandomKey key,
               std::uint64_t first_index) {
  using Quick = StochasticRounder<kSubnormals>;
  const Quick quick(grid, mode);
  run_by_halves(quick, rounder, source, destination, key, first_index);
}

template <typename Rounder>
void run_stochastic(const Rounder& rounder, std::span<const float> source, float* destination,
                    const RoundingGrid& grid, RoundingMode mode, RandomKey key,
                    std::uint64_t first_index) {
  if (can_round_codes(grid)) {
    if (StochasticRounder<true>::has_subnormals(grid)) {
      run_quick<true>(rounder, source, destination, grid, mode, key, first_index);
    } else {
      run_quick<false>(rounder, source, destination, grid, mode, key, first_index);
    }
    return;
  }
  for_each_part(source, destination, key, first_index,
                [&](PartOfWords& words, const float* from, float* to, std::size_t count) HWY_ATTR {
                  round_run<1>(rounder, from, to, count, words.with_bits(random_bits_of(mode)));
                });
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
      run_stochastic(rounder, source, destination, grid, mode, key, first_index);
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
  constexpr std::size_t kCount = 1024;  // stays in the first-level cache
  constexpr std::size_t kRoom = 256;    // more than a step of the generator
  alignas(64) std::array<std::uint32_t, kCount + kRoom> made{};
  const PhiloxStream stream(key);
  const std::size_t step = PhiloxStream::step();
  const std::size_t offset = first_index % 4;  // blocks are of 4 words
  for (std::size_t done = 0; done < words.size(); done += kCount) {
    const std::size_t count = std::min(kCount, words.size() - done);
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
