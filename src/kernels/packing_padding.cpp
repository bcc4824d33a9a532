#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "kernels/packing_window.h"

namespace mantissa {

PaddedAxis::PaddedAxis(const AxisMap& map, std::int64_t taps)
    : map_(map),
      taps_(taps),
      first_(map.offset + std::min<std::int64_t>(0, (taps - 1) * map.tap_step)) {
  assert(map.factor == 1 || map.divisor == 1);
}

std::int64_t PaddedAxis::padded(std::int64_t extent) const {
  return (extent - 1) * map_.factor + (taps_ - 1) * std::abs(map_.tap_step) + 1;
}

bool PaddedAxis::sees(std::int64_t phase_sought) const {
  for (std::int64_t tap = 0; tap < taps_; ++tap) {
    if (phase(tap) == phase_sought) return true;
  }
  return false;
}

std::int64_t PaddedAxis::source(std::int64_t padded, std::int64_t extent) const {
  const std::int64_t scaled = padded + first_;
  if (scaled < 0 || scaled % map_.divisor != 0) return -1;
  return scaled / map_.divisor < extent ? scaled / map_.divisor : -1;
}

void PaddedAxis::spread(const float* source, std::int64_t extent, std::int64_t phase_extent,
                        std::int64_t phase_stride, float* row) const {
  const std::int64_t factor = map_.factor;
  for (std::int64_t phase = 0; phase < factor; ++phase) {
    if (factor > 1 && !sees(phase)) continue;
    float* to = row + phase * phase_stride;
    // Element i shows source[(phase + i * factor + first_) / divisor].
    const std::int64_t start = phase + first_;
    if (map_.divisor > 1) {
      std::fill_n(to, phase_extent, 0.0F);
      std::int64_t from = std::max<std::int64_t>(0, start + map_.divisor - 1) / map_.divisor;
      for (std::int64_t i = from * map_.divisor - start; from < extent && i < phase_extent;
           i += map_.divisor) {
        to[i] = source[from++];
      }
      continue;
    }
    const auto first_at = [&](std::int64_t position) {
      return std::clamp<std::int64_t>((position - start + factor - 1) / factor, 0, phase_extent);
    };
    const std::int64_t begin = start >= 0 ? 0 : first_at(0);
    const std::int64_t end = extent <= start ? begin : std::max(begin, first_at(extent));
    std::fill_n(to, begin, 0.0F);
    if (factor == 1) {
      std::copy(source + begin + start, source + end + start, to + begin);
    } else {
      for (std::int64_t i = begin; i < end; ++i) to[i] = source[i * factor + start];
    }
    std::fill(to + end, to + phase_extent, 0.0F);
  }
}

void PixelSource::pack(const PanelRange& range, int width, const PanelMemory& /*memory*/,
                       float* panel) const {
  const auto [first_item, count, first_k, last_k] = range;
  const std::int64_t plane = images_.height * images_.width;
  for (std::int64_t k = first_k; k < last_k;) {
    const std::int64_t pixel = k % plane;
    const std::int64_t pixels = std::min(plane - pixel, last_k - k);
    const float* source =
        images_.data + (k / plane) * images_.image_stride + first_item * plane + pixel;
    transpose(source, plane, count, pixels, panel, width);
    panel += pixels * width;
    k += pixels;
  }
}

}  // namespace mantissa
