#include "numeric/events.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace mantissa {
namespace {

template <typename Events>
Events& add(Events& to, const Events& from) {
  for (const auto& field : event_fields(from)) to.*field.count += from.*field.count;
  return to;
}

}  // namespace

TensorEvents& TensorEvents::operator+=(const TensorEvents& other) {
  return mantissa::add(*this, other);
}

SumEvents& SumEvents::operator+=(const SumEvents& other) {
  return mantissa::add(*this, other);
}

template <typename Events>
void EventCounter<Events>::add(const Events& events) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const std::int64_t count = events.*event_fields(events)[i].count;
    if (count != 0) counts_[i].fetch_add(count, std::memory_order_relaxed);
  }
}

template <typename Events>
Events EventCounter<Events>::total() const {
  Events events;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    events.*event_fields(events)[i].count = counts_[i].load(std::memory_order_relaxed);
  }
  return events;
}

template class EventCounter<TensorEvents>;
template class EventCounter<SumEvents>;

EventLimits event_limits(const Quantization& quantization) {
  const FormatFacts format = facts(quantization.format);
  EventLimits limits;
  limits.largest = static_cast<float>(format.max_finite);
  // Scaled two's complement never uses its most negative number.
  limits.most_negative =
      static_cast<float>(quantization.scaling.scales() ? -format.max_finite : format.min_finite);
  limits.min_normal = static_cast<float>(format.min_normal);
  return limits;
}

void quantize_and_count(std::span<float> values, const Quantization& quantization,
                        const EventLimits& limits, RandomKey key, std::uint64_t first_index,
                        TensorEvents& events) {
  assert(!quantization.scaling.scales());
  constexpr std::size_t kBlock = 2048;  // elements; a copy of them stays in the first-level cache
  alignas(64) std::array<float, kBlock> before;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    std::copy(block.begin(), block.end(), before.begin());
    quantize(block, quantization, key, first_index + first);
    count_events({before.data(), block.size()}, block, limits, events);
  }
}

void round_values(std::span<float> values, const Quantization& quantization, RandomKey key,
                  std::uint64_t first_index, TensorEventCounter* counter) {
  if (counter == nullptr) return quantize(values, quantization, key, first_index);
  TensorEvents events;
  quantize_and_count(values, quantization, event_limits(quantization), key, first_index, events);
  counter->add(events);
}

}  // namespace mantissa
