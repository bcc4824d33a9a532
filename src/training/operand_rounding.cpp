#include "training/operand_rounding.h"

#include <algorithm>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kQuantizeGrain = 1 << 15;  // elements; far more work than a task costs

}  // namespace

void quantize_tensor(const Tensor& source, Tensor& destination, const Quantization& quantization,
                     RandomKey key, TensorEventCounter* events) {
  destination.resize(source.shape());
  const auto in = source.values();
  const auto out = destination.values();
  const bool counts = events != nullptr && !quantization.is_identity();
  const EventLimits limits = counts ? event_limits(quantization) : EventLimits{};
  parallel_for(static_cast<std::int64_t>(in.size()), kQuantizeGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 const auto first = static_cast<std::size_t>(begin);
                 const auto count = static_cast<std::size_t>(end - begin);
                 const auto from = in.subspan(first, count);
                 const auto to = out.subspan(first, count);
                 quantize(from, to, quantization, key, first);
                 if (!counts) return;
                 TensorEvents found;
                 count_events(from, to, limits, found);
                 events->add(found);
               });
}

void quantize_tensor(Tensor& tensor, const Quantization& quantization, RandomKey key,
                     TensorEventCounter* events) {
  if (quantization.is_identity()) return;
  const auto values = tensor.values();
  parallel_for(static_cast<std::int64_t>(values.size()), kQuantizeGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 const auto first = static_cast<std::size_t>(begin);
                 round_values(values.subspan(first, static_cast<std::size_t>(end - begin)),
                              quantization, key, first, events);
               });
}

float ScaleHistory::delayed(float amax, int length) const {
  const std::size_t known = std::min(maxima_.size(), static_cast<std::size_t>(length));
  const float largest =
      known == 0
          ? 0
          : *std::max_element(maxima_.end() - static_cast<std::ptrdiff_t>(known), maxima_.end());
  return largest == 0 ? amax : largest;
}

void ScaleHistory::add(float amax, int length) {
  maxima_.push_back(amax);
  while (maxima_.size() > static_cast<std::size_t>(length)) maxima_.pop_front();
}

void round_operand(const Tensor& source, Tensor& destination, const Quantization& quantization,
                   OperandAxes axes, RandomKey key, ScaleHistory& history, bool remember,
                   TensorEventCounter* events) {
  const Scaling& scaling = quantization.scaling;
  if (!scaling.scales()) {
    quantize_tensor(source, destination, quantization, key, events);
    return;
  }
  const bool by_whole = scaling.group == ScaleGroup::tensor || scaling.kind == ScaleKind::e4m3;
  const float own = by_whole ? max_magnitude(source) : 0;
  float amax = own;
  if (scaling.history > 0) {
    amax = history.delayed(own, scaling.history);
    if (remember) history.add(own, scaling.history);
  }
  quantize_scaled(source, destination, quantization, axes, key, amax, events);
}

}  // namespace mantissa
