// Stochastic rounding of tensors by the upper halves of the words, and by whole ones where those do
// not decide. Included once for each target.

#if defined(MANTISSA_NUMERIC_HALVES_RUN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_NUMERIC_HALVES_RUN_INL_H_
#undef MANTISSA_NUMERIC_HALVES_RUN_INL_H_
#else
#define MANTISSA_NUMERIC_HALVES_RUN_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <hwy/highway.h>

#include "numeric/part_of_words.h"
#include "numeric/rounding_run-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Halves = hn::ScalableTag<std::uint32_t>;
using FloatLanes = hn::Vec<hn::ScalableTag<float>>;

/// Calls `round(part, source, destination, count)` for all parts of a tensor.
template <typename Round>
void for_each_part(std::span<const float> source, float* destination, RandomKey key,
                   std::uint64_t first_index, Round round) {
  PartOfWords words(key);
  for (std::size_t done = 0; done < source.size(); done += PartOfWords::kCount) {
    const std::size_t count = std::min(PartOfWords::kCount, source.size() - done);
    words.begin(first_index + done, count);
    round(words, source.data() + done, destination + done, count);
  }
}

/// By `quick`, and by `rounder` the vectors that it leaves undecided.
template <typename Quick, typename Rounder>
class TwoRounders {
 public:
  using Unsigned = Halves;

  TwoRounders(const Quick& quick, const Rounder& rounder, PartOfWords& words)
      : quick_(quick), rounder_(rounder), words_(words), halves_(words.halves()) {}

  const std::uint32_t* halves() const { return halves_; }

  HWY_INLINE FloatLanes operator()(FloatLanes x, const std::uint32_t* words) const {
    const auto result = quick_(x, hn::LoadU(Halves(), words));
    if (HWY_LIKELY(hn::AllFalse(hn::RebindToSigned<Halves>(), result.undecided))) {
      return result.rounded;
    }
    return round_whole(x, words - halves_);
  }

 private:
  HWY_NOINLINE FloatLanes round_whole(FloatLanes x, std::ptrdiff_t at) const {
    return round_vector(rounder_, x, words_.whole() + at);
  }

  const Quick& quick_;
  const Rounder& rounder_;
  PartOfWords& words_;
  const std::uint32_t* halves_;
};

template <typename Quick, typename Rounder>
HWY_INLINE FloatLanes round_vector(const TwoRounders<Quick, Rounder>& rounder, FloatLanes x,
                                   const std::uint32_t* words) {
  return rounder(x, words);
}

/// `quick(x, halves)` has members `rounded` and `undecided`; `rounder(x, words)` knows all.
template <typename Quick, typename Rounder>
void run_by_halves(const Quick& quick, const Rounder& rounder, std::span<const float> source,
                   float* destination, RandomKey key, std::uint64_t first_index) {
  for_each_part(source, destination, key, first_index,
                [&](PartOfWords& words, const float* from, float* to, std::size_t count) HWY_ATTR {
                  const TwoRounders<Quick, Rounder> both(quick, rounder, words);
                  round_run<1>(both, from, to, count, both.halves());
                });
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
