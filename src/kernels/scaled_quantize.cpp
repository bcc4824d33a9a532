#include "kernels/scaled_quantize.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <vector>

#include "numeric/scaled_kernels.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kGrain = 1 << 15;  // elements; far more work than a task costs

/// A tensor seen along one axis: [outer, length, inner].
struct AxisView {
  std::int64_t outer = 1;
  std::int64_t length = 1;
  std::int64_t inner = 1;
};

AxisView view_along(const Shape& shape, std::size_t axis) {
  AxisView view;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    (i < axis ? view.outer : i == axis ? view.length : view.inner) *= shape[i];
  }
  return view;
}

/// So many of `size` elements each that a task is worth its cost.
std::int64_t grain_of(std::int64_t size) {
  return std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, size));
}

/// A tensor on its way into a scaled format.
class Quantizer {
 public:
  Quantizer(const Tensor& source, Tensor& destination, const Quantization& quantization,
            RandomKey key, TensorEventCounter* events)
      : source_(source.data()),
        destination_(destination.data()),
        size_(static_cast<std::int64_t>(source.size())),
        block_(quantization.scaling.block),
        key_(key),
        events_(events),
        limits_(events == nullptr ? EventLimits{} : event_limits(quantization)),
        choose_(quantization),
        rounder_(quantization) {}

  void by_tensor(float amax) const {
    const float scale = choose_.of_group(amax);
    parallel_for(size_, kGrain, [&](std::int64_t begin, std::int64_t end) {
      round_runs(begin, 1, end - begin, &scale);
    });
  }

  void by_channel(const AxisView& view) const {
    if (view.outer == 1 && view.inner > 1) return by_contiguous_channel(view);
    std::vector<float> scales = channel_maxima(view);
    choose_.of_groups(scales);
    const std::int64_t slab = view.length * view.inner;
    parallel_for(view.outer, grain_of(slab), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o) {
        if (view.inner == 1) {
          round_elements(o * slab, slab, scales.data());
        } else {
          round_runs(o * slab, view.length, view.inner, scales.data());
        }
      }
    });
  }

  void by_block(const AxisView& view, float amax) const {
    const float tensor_scale = choose_.of_tensor(amax);
    const std::int64_t blocks = (view.length + block_ - 1) / block_;
    if (view.inner == 1) {
      parallel_for(view.outer, grain_of(view.length), [&](std::int64_t begin, std::int64_t end) {
        if (view.length % block_ == 0) {  // blocks do not see where one axis ends
          contiguous_blocks(begin * view.length, (end - begin) * view.length, block_, tensor_scale);
          return;
        }
        for (std::int64_t o = begin; o < end; ++o)
          contiguous_blocks(o * view.length, view.length, block_, tensor_scale);
      });
      return;
    }
    parallel_for(view.outer * blocks, grain_of(block_ * view.inner),
                 [&](std::int64_t begin, std::int64_t end) {
                   std::vector<float> scales(static_cast<std::size_t>(view.inner));
                   for (std::int64_t i = begin; i < end; ++i) {
                     strided_block(view, i / blocks, i % blocks * block_, tensor_scale, scales);
                   }
                 });
  }

 private:
  void round_runs(std::int64_t first, std::int64_t count, std::int64_t length,
                  const float* scales) const {
    rounder_.round_runs(source_ + first, destination_ + first, count, length, scales, key_,
                        static_cast<std::uint64_t>(first));
    if (events_ == nullptr) return;
    TensorEvents found;
    count_run_events(source_ + first, destination_ + first, count, length, scales, limits_, found);
    events_->add(found);
  }
  void round_elements(std::int64_t first, std::int64_t count, const float* scales) const {
    rounder_.round_elements(source_ + first, destination_ + first, count, scales, key_,
                            static_cast<std::uint64_t>(first));
    if (events_ == nullptr) return;
    TensorEvents found;
    count_element_events(source_ + first, destination_ + first, count, scales, limits_, found);
    events_->add(found);
  }

  /// The largest magnitude of each channel, split by channels so that no reduction is.
  std::vector<float> channel_maxima(const AxisView& view) const {
    std::vector<float> maxima(static_cast<std::size_t>(view.length), 0.0F);
    const std::int64_t slab = view.length * view.inner;
    parallel_for(view.length, grain_of(view.outer * view.inner),
                 [&](std::int64_t begin, std::int64_t end) {
                   std::vector<float> found(static_cast<std::size_t>(end - begin));
                   for (std::int64_t o = 0; o < view.outer; ++o) {
                     const float* from = source_ + o * slab + begin * view.inner;
                     max_magnitudes(from, end - begin, view.inner, found.data());
                     raise_max_magnitudes(found.data(), end - begin, maxima.data() + begin);
                   }
                 });
    return maxima;
  }

  /// Each channel is one run of memory: its elements are rounded while they are in a cache.
  void by_contiguous_channel(const AxisView& view) const {
    parallel_for(view.length, grain_of(view.inner), [&](std::int64_t begin, std::int64_t end) {
      contiguous_blocks(begin * view.inner, (end - begin) * view.inner, view.inner, 1);
    });
  }

  /// The last block may be shorter.
  void contiguous_blocks(std::int64_t first, std::int64_t length, std::int64_t block,
                         float tensor_scale) const {
    constexpr std::int64_t kElements = 2048;  // at work at once, in the first-level cache
    constexpr std::int64_t kBlocks = kElements / 2;
    // Written before they are read.
    std::array<float, kBlocks> scales;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    while (length > 0) {
      const std::int64_t most = std::max<std::int64_t>(kElements / block, 1);
      const std::int64_t count = std::clamp<std::int64_t>(length / block, 1, most);
      const std::int64_t run = std::min<std::int64_t>(block, length);
      max_magnitudes(source_ + first, count, run, scales.data());
      choose_.of_groups(std::span(scales).first(static_cast<std::size_t>(count)), tensor_scale);
      round_runs(first, count, run, scales.data());
      first += count * run;
      length -= count * run;
    }
  }

  void strided_block(const AxisView& view, std::int64_t outer, std::int64_t first_row,
                     float tensor_scale, std::vector<float>& scales) const {
    std::fill(scales.begin(), scales.end(), 0.0F);
    const std::int64_t rows = std::min<std::int64_t>(block_, view.length - first_row);
    const std::int64_t first = (outer * view.length + first_row) * view.inner;
    for (std::int64_t row = 0; row < rows; ++row) {
      raise_max_magnitudes(source_ + first + row * view.inner, view.inner, scales.data());
    }
    choose_.of_groups(scales, tensor_scale);
    for (std::int64_t row = 0; row < rows; ++row) {
      round_elements(first + row * view.inner, view.inner, scales.data());
    }
  }

  const float* source_;
  float* destination_;
  std::int64_t size_;
  std::int64_t block_;
  RandomKey key_;
  TensorEventCounter* events_;
  EventLimits limits_;
  ScaleChooser choose_;
  ScaledRounder rounder_;
};

}  // namespace

float max_magnitude(const Tensor& tensor) {
  const auto size = static_cast<std::int64_t>(tensor.size());
  const std::int64_t chunks = (size + kGrain - 1) / kGrain;
  std::vector<float> maxima(static_cast<std::size_t>(chunks), 0.0F);
  parallel_for(chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t length = std::min(kGrain, size - i * kGrain);
      max_magnitudes(tensor.data() + i * kGrain, 1, length, &maxima[static_cast<std::size_t>(i)]);
    }
  });
  return maxima.empty() ? 0 : *std::max_element(maxima.begin(), maxima.end());
}

bool depends_on_axes(const Quantization& quantization) {
  return quantization.scaling.group == ScaleGroup::channel ||
         quantization.scaling.group == ScaleGroup::block;
}

void quantize_scaled(const Tensor& source, Tensor& destination, const Quantization& quantization,
                     OperandAxes axes, RandomKey key, float amax, TensorEventCounter* events) {
  assert(events == nullptr || &source != &destination);
  destination.resize(source.shape());
  const Quantizer quantizer(source, destination, quantization, key, events);
  switch (quantization.scaling.group) {
    case ScaleGroup::none:
    case ScaleGroup::tensor:
      return quantizer.by_tensor(amax);
    case ScaleGroup::channel:
      return quantizer.by_channel(view_along(source.shape(), axes.kept));
    case ScaleGroup::block:
      return quantizer.by_block(view_along(source.shape(), axes.summed), amax);
  }
}

}  // namespace mantissa
