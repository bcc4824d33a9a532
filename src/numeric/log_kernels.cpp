#include "numeric/log_kernels.h"

#include <algorithm>
#include <array>

#include "numeric/log_run.h"
#include "numeric/rounding_words.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/log_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "numeric/log_rounding-inl.h"
#include "numeric/rounding_run-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <bool kTakum, bool kIsCoarse, std::size_t kRegisters>
void run_nearest(const LogRun& run, std::span<const float> source, float* destination) {
  alignas(64) static constexpr std::array<std::uint32_t, kMaxLanes> kNoWords{};
  const NearestRounder<kTakum, kIsCoarse, kRegisters> rounder(run);
  round_run<0>(rounder, source.data(), destination, source.size(), kNoWords.data());
}

template <bool kTakum, bool kIsCoarse>
void run_by_size(const LogRun& run, std::span<const float> source, float* destination) {
  const std::size_t count = run.table.looked_up();
  const std::size_t lanes = hn::Lanes(Integers());
  if (count <= lanes) return run_nearest<kTakum, kIsCoarse, 1>(run, source, destination);
  if (count <= 2 * lanes) return run_nearest<kTakum, kIsCoarse, 2>(run, source, destination);
  if (count <= 4 * lanes) return run_nearest<kTakum, kIsCoarse, 4>(run, source, destination);
  if (count <= 8 * lanes) return run_nearest<kTakum, kIsCoarse, 8>(run, source, destination);
  run_nearest<kTakum, kIsCoarse, 0>(run, source, destination);
}

template <Rounding kRounding, bool kTakum>
void run_between(const LogRun& run, std::span<const float> source, float* destination) {
  const BetweenRounder<kRounding, kTakum> rounder(run);
  constexpr std::size_t kChunk = 1024;  // words made at a time; stays in the first-level cache
  alignas(64) std::array<std::uint32_t, kChunk + kMaxLanes> words{};
  if constexpr (kRounding != Rounding::stochastic) {
    round_run<0>(rounder, source.data(), destination, source.size(), words.data());
  } else {
    for (std::size_t done = 0; done < source.size(); done += kChunk) {
      const std::size_t count = std::min(kChunk, source.size() - done);
      fill_rounding_words({words.data(), count}, run.key, run.first_index + done);
      round_run<1>(rounder, source.data() + done, destination + done, count, words.data());
    }
  }
}

template <bool kTakum>
void run_spaced(const LogRun& all, std::span<const float> source, float* destination) {
  using enum Rounding;
  switch (all.quantization.rounding.rounding) {
    case nearest_even:
    case nearest_away:
      if (all.table.is_coarse()) return run_by_size<kTakum, true>(all, source, destination);
      return run_by_size<kTakum, false>(all, source, destination);
    case toward_zero:
      return run_between<toward_zero, kTakum>(all, source, destination);
    case up:
      return run_between<up, kTakum>(all, source, destination);
    case down:
      return run_between<down, kTakum>(all, source, destination);
    case to_odd:
      return run_between<to_odd, kTakum>(all, source, destination);
    case stochastic:
      return run_between<stochastic, kTakum>(all, source, destination);
  }
}

void round_by_logarithms(const LogRun& all, std::span<const float> source, float* destination) {
  if (all.table.takum) return run_spaced<true>(all, source, destination);
  run_spaced<false>(all, source, destination);
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(round_by_logarithms);

void quantize_by_logarithms(std::span<const float> source, std::span<float> destination,
                            const Quantization& quantization, RandomKey key,
                            std::uint64_t first_index) {
  const RoundingMode mode = quantization.rounding;
  if (const std::shared_ptr<const LogTable> table = log_table(quantization.format, mode)) {
    HWY_DYNAMIC_DISPATCH(round_by_logarithms)
    ({*table, quantization, key, first_index}, source, destination.data());
    return;
  }
  const bool stochastic = mode.rounding == Rounding::stochastic;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const std::uint32_t word = stochastic ? rounding_word(key, first_index + i) : 0;
    destination[i] = static_cast<float>(
        round_to_format(static_cast<double>(source[i]), quantization.format, mode, word));
  }
}

}  // namespace mantissa
#endif
