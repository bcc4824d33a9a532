#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "numeric/quantize.h"

namespace mantissa {

/// What rounding into a format did to the values of a tensor.
struct TensorEvents {
  std::int64_t values = 0;
  std::int64_t overflows = 0;   ///< inputs beyond the largest or most negative number, infinities
                                ///< too: they saturated, or became infinite or NaN
  std::int64_t underflows = 0;  ///< numbers, not zero, that became zero
  std::int64_t subnormals = 0;  ///< results below the smallest normal number, but not zero
  std::int64_t nans = 0;        ///< results that are NaN

  TensorEvents& operator+=(const TensorEvents& other);
  friend bool operator==(const TensorEvents&, const TensorEvents&) = default;
};

/// What happened inside the sums of a matrix product, in those that were followed.
struct SumEvents {
  std::int64_t sums = 0;
  std::int64_t products = 0;    ///< of two numbers that are not zero
  std::int64_t underflows = 0;  ///< of them: zero by the product format or the multiplier
  std::int64_t addends = 0;     ///< numbers, not zero, that were added to a finite sum
  std::int64_t swamped = 0;     ///< of them: lost whole, the sum is the same without them
  std::int64_t overflows = 0;   ///< additions whose sum is beyond the accumulator's numbers
  std::int64_t nans = 0;        ///< sums that end as NaN

  SumEvents& operator+=(const SumEvents& other);
  friend bool operator==(const SumEvents&, const SumEvents&) = default;
};

/// A count and its name in documents.
template <typename Events>
struct EventField {
  std::string_view name;
  std::int64_t Events::*count;
};
inline constexpr std::array<EventField<TensorEvents>, 5> kTensorEventFields = {
    {{"values", &TensorEvents::values},
     {"overflows", &TensorEvents::overflows},
     {"underflows", &TensorEvents::underflows},
     {"subnormals", &TensorEvents::subnormals},
     {"nans", &TensorEvents::nans}}};
inline constexpr std::array<EventField<SumEvents>, 7> kSumEventFields = {
    {{"sums", &SumEvents::sums},
     {"products", &SumEvents::products},
     {"underflows", &SumEvents::underflows},
     {"addends", &SumEvents::addends},
     {"swamped", &SumEvents::swamped},
     {"overflows", &SumEvents::overflows},
     {"nans", &SumEvents::nans}}};
constexpr const auto& event_fields(const TensorEvents& /*events*/) {
  return kTensorEventFields;
}
constexpr const auto& event_fields(const SumEvents& /*events*/) {
  return kSumEventFields;
}

/// Totals to which several threads add. Sums of integers, so their order does not matter.
template <typename Events>
class EventCounter {
 public:
  void add(const Events& events);
  Events total() const;

 private:
  std::array<std::atomic<std::int64_t>, event_fields(Events()).size()> counts_ = {};
};
using TensorEventCounter = EventCounter<TensorEvents>;
using SumEventCounter = EventCounter<SumEvents>;
extern template class EventCounter<TensorEvents>;
extern template class EventCounter<SumEvents>;

/// The numbers of a format by which events are told; of the elements if they are scaled.
struct EventLimits {
  float largest = 0;
  float most_negative = 0;
  float min_normal = 0;
};
EventLimits event_limits(const Quantization& quantization);

/// Counts what rounding `source` to `rounded` (equal sizes) did.
void count_events(std::span<const float> source, std::span<const float> rounded,
                  const EventLimits& limits, TensorEvents& events);

/// The same of scaled elements: `count` runs of `length` elements, one behind the other, run r by
/// scales[r] ...
void count_run_events(const float* source, const float* rounded, std::int64_t count,
                      std::int64_t length, const float* scales, const EventLimits& limits,
                      TensorEvents& events);
/// ... and `count` elements, element i by scales[i].
void count_element_events(const float* source, const float* rounded, std::int64_t count,
                          const float* scales, const EventLimits& limits, TensorEvents& events);

/// `quantize` in place, without a scaling; counts on the way by the limits of the quantization.
void quantize_and_count(std::span<float> values, const Quantization& quantization,
                        const EventLimits& limits, RandomKey key, std::uint64_t first_index,
                        TensorEvents& events);

/// `quantize` in place, counting if there is something to count in.
void round_values(std::span<float> values, const Quantization& quantization, RandomKey key,
                  std::uint64_t first_index, TensorEventCounter* counter);

}  // namespace mantissa
