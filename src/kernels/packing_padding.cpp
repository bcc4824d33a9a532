#include <algorithm>
#include <cassert>
#include <cstdlib>

#include <hwy/highway.h>

#include "kernels/packing_copy.h"
#include "kernels/packing_window.h"

namespace mantissa {

namespace {

namespace hn = hwy::HWY_NAMESPACE;  // the lowest instruction set: loads and stores bound this code

/// to[i] = from[2 * i]
void take_every_second(const float* from, std::int64_t count, float* to) {
  const hn::FixedTag<float, 8> d;
  std::int64_t i = 0;
  // The second vector of eight elements ends one value behind the last of them, so one more must
  // follow.
  for (; i + 8 < count; i += 8) {
    hn::StoreU(hn::ConcatEven(d, hn::LoadU(d, from + 2 * i + 8), hn::LoadU(d, from + 2 * i)), d,
               to + i);
  }
  for (; i < count; ++i) to[i] = from[2 * i];
}

}  // namespace

PaddedAxis::PaddedAxis(const AxisMap& map, std::int64_t taps)
    : map_(map),
      taps_(taps),
      first_(map.offset + std::min<std::int64_t>(0, (taps - 1) * map.tap_step)) {
  assert(map.factor == 1 || map.divisor == 1);
  // Phases beyond the bits of the mask count as seen.
  if (map.factor > 64) phases_seen_ = ~std::uint64_t{0};
  for (std::int64_t tap = 0; tap < taps; ++tap)
    phases_seen_ |= std::uint64_t{1} << (phase(tap) % 64);
}

std::int64_t PaddedAxis::padded(std::int64_t extent) const {
  return (extent - 1) * map_.factor + (taps_ - 1) * std::abs(map_.tap_step) + 1;
}

bool PaddedAxis::sees(std::int64_t phase) const {
  return phase >= 64 || ((phases_seen_ >> phase) & 1) != 0;
}

std::int64_t PaddedAxis::source(std::int64_t padded, std::int64_t extent) const {
  std::int64_t scaled = padded + first_;
  if (scaled < 0) return -1;
  if (map_.divisor > 1) {
    if (scaled % map_.divisor != 0) return -1;
    scaled /= map_.divisor;
  }
  return scaled < extent ? scaled : -1;
}

void PaddedAxis::spread(const float* source, std::int64_t extent, std::int64_t phase_extent,
                        std::int64_t phase_stride, float* row) const {
  if (map_.factor == 1 && map_.divisor == 1) {
    const std::int64_t begin = std::clamp<std::int64_t>(-first_, 0, phase_extent);
    const std::int64_t end = std::clamp<std::int64_t>(extent - first_, begin, phase_extent);
    clear_run(begin, row);
    copy_run(source + begin + first_, end - begin, row + begin);
    clear_run(phase_extent - end, row + end);
  } else if (map_.divisor > 1) {
    spread_apart(source, extent, phase_extent, row);
  } else {
    for (std::int64_t phase = 0; phase < map_.factor; ++phase) {
      if (sees(phase)) {
        spread_phase(source, extent, phase, phase_extent, row + phase * phase_stride);
      }
    }
  }
}

/// Element i shows source[(i + first_) / divisor].
void PaddedAxis::spread_apart(const float* source, std::int64_t extent, std::int64_t phase_extent,
                              float* row) const {
  std::fill_n(row, phase_extent, 0.0F);
  std::int64_t from = std::max<std::int64_t>(0, first_ + map_.divisor - 1) / map_.divisor;
  for (std::int64_t i = from * map_.divisor - first_; from < extent && i < phase_extent;
       i += map_.divisor) {
    row[i] = source[from++];
  }
}

/// Element i shows source[phase + i * factor + first_].
void PaddedAxis::spread_phase(const float* source, std::int64_t extent, std::int64_t phase,
                              std::int64_t phase_extent, float* row) const {
  const std::int64_t factor = map_.factor;
  const std::int64_t start = phase + first_;
  const auto first_from = [&](std::int64_t position) {
    const std::int64_t distance = position - start;
    return distance <= 0 ? 0 : std::min((distance + factor - 1) / factor, phase_extent);
  };
  const std::int64_t begin = first_from(0);
  const std::int64_t end = std::max(begin, first_from(extent));
  clear_run(begin, row);
  const float* from = source + begin * factor + start;
  if (factor == 2) {
    take_every_second(from, end - begin, row + begin);
  } else {
    for (std::int64_t i = begin; i < end; ++i, from += factor) row[i] = *from;
  }
  clear_run(phase_extent - end, row + end);
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
