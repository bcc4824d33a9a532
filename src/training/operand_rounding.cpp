#include "training/operand_rounding.h"

#include <algorithm>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kQuantizeGrain = 1 << 15;  // elements; far more work than a task costs

}  // namespace

void quantize_tensor(const Tensor& source, Tensor& destination, const Quantization& quantization,
                     RandomKey key) {
  destination.resize(source.shape());
  const auto in = source.values();
  const auto out = destination.values();
  parallel_for(static_cast<std::int64_t>(in.size()), kQuantizeGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 const auto first = static_cast<std::size_t>(begin);
                 const auto count = static_cast<std::size_t>(end - begin);
                 quantize(in.subspan(first, count), out.subspan(first, count), quantization, key,
                          first);
               });
}

void quantize_tensor(Tensor& tensor, const Quantization& quantization, RandomKey key) {
  if (quantization.is_identity()) return;
  const auto values = tensor.values();
  parallel_for(static_cast<std::int64_t>(values.size()), kQuantizeGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 const auto first = static_cast<std::size_t>(begin);
                 quantize(values.subspan(first, static_cast<std::size_t>(end - begin)),
                          quantization, key, first);
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
                   OperandAxes axes, RandomKey key, ScaleHistory& history, bool remember) {
  const Scaling& scaling = quantization.scaling;
  if (!scaling.scales()) {
    quantize_tensor(source, destination, quantization, key);
    return;
  }
  const bool by_whole = scaling.group == ScaleGroup::tensor || scaling.kind == ScaleKind::e4m3;
  const float own = by_whole ? max_magnitude(source) : 0;
  float amax = own;
  if (scaling.history > 0) {
    amax = history.delayed(own, scaling.history);
    if (remember) history.add(own, scaling.history);
  }
  quantize_scaled(source, destination, quantization, axes, key, amax);
}

}  // namespace mantissa
