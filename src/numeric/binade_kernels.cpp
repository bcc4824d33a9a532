#include "numeric/binade_kernels.h"

#include <array>

#include "numeric/binade_run.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/binade_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "numeric/binade_rounder-inl.h"
#include "numeric/halves_run-inl.h"
#include "numeric/rounding_run-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <Rounding kRounding>
void run(const BinadeRun& run, std::span<const float> source, float* destination) {
  const BinadeRounder<kRounding> rounder(run);
  if constexpr (kRounding == Rounding::stochastic) {
    const QuickBinadeRounder quick(run);
    run_by_halves(quick, rounder, source, destination, run.key, run.first_index);
  } else {
    alignas(64) static constexpr std::array<std::uint32_t, kMaxLanes> kNoWords{};
    round_run<0>(rounder, source.data(), destination, source.size(), kNoWords.data());
  }
}

void round_by_binades(const BinadeRun& all, std::span<const float> source, float* destination) {
  using enum Rounding;
  switch (all.quantization.rounding.rounding) {
    case nearest_even:
      return run<nearest_even>(all, source, destination);
    case nearest_away:
      return run<nearest_away>(all, source, destination);
    case toward_zero:
      return run<toward_zero>(all, source, destination);
    case up:
      return run<up>(all, source, destination);
    case down:
      return run<down>(all, source, destination);
    case to_odd:
      return run<to_odd>(all, source, destination);
    case stochastic:
      return run<stochastic>(all, source, destination);
  }
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(round_by_binades);

void quantize_by_binades(std::span<const float> source, std::span<float> destination,
                         const Quantization& quantization, RandomKey key,
                         std::uint64_t first_index) {
  const std::shared_ptr<const BinadeTable> table =
      binade_table(quantization.format, quantization.rounding);
  HWY_DYNAMIC_DISPATCH(round_by_binades)
  ({*table, quantization, key, first_index}, source, destination.data());
}

}  // namespace mantissa
#endif
