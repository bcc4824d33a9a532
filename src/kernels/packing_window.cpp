#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "kernels/microkernel.h"
#include "kernels/packing.h"

namespace mantissa {
namespace {

constexpr std::int64_t kCopied =
    8;  ///< floats copied at once; runs are copied in whole ones of them

/// The lowest position that the taps of an axis reach, for position 0 of the grid.
std::int64_t lowest(const AxisMap& map, std::int64_t taps) {
  return map.offset + std::min<std::int64_t>(0, (taps - 1) * map.tap_step);
}

/// How far from there a tap reaches.
std::int64_t reach(const AxisMap& map, std::int64_t taps, std::int64_t tap) {
  return map.tap_step >= 0 ? tap * map.tap_step : (tap - (taps - 1)) * map.tap_step;
}

/// Positions that `extent` positions of the grid and all taps reach.
std::int64_t padded_extent(const AxisMap& map, std::int64_t taps, std::int64_t extent) {
  return (extent - 1) * map.factor + (taps - 1) * std::abs(map.tap_step) + 1;
}

/// A row of the grid in a panel.
struct Run {
  std::int64_t source = 0;
  int destination = 0;
  int pieces = 0;  ///< of kCopied floats
};

struct Runs {
  std::array<Run, kMaxTileColumns> runs;
  int used = 0;

  /// Each run may write beyond its end, where the next one, or the next row, writes later.
  void copy(const float* source, float* row) const {
    for (int i = 0; i < used; ++i) {
      const Run& run = runs[static_cast<std::size_t>(i)];
      const float* from = source + run.source;
      float* to = row + run.destination;
      for (int piece = 0; piece < run.pieces; ++piece) {
        std::memcpy(to, from, kCopied * sizeof(float));
        from += kCopied;
        to += kCopied;
      }
    }
  }
};

}  // namespace

WindowSource::WindowSource(const Window& window)
    : window_(window),
      first_row_(lowest(window.rows, window.kernel_height)),
      first_column_(lowest(window.columns, window.kernel_width)) {
  const std::int64_t width = padded_extent(window.columns, window.kernel_width, window.grid_width);
  phase_width_ = (width + window.columns.factor - 1) / window.columns.factor;
  row_width_ = phase_width_ * window.columns.factor;
}

/// Floats of one channel's padded plane; a unit of less than an image needs a part of it.
std::int64_t WindowSource::plane(std::int64_t items) const {
  const std::int64_t rows = std::min(window_.grid_height, items / window_.grid_width + 2);
  const std::int64_t size = padded_extent(window_.rows, window_.kernel_height, rows) * row_width_;
  // Channels a power of two apart would compete for the same cache sets.
  return size % 512 == 0 ? size + 16 : size;
}

std::int64_t WindowSource::items_memory(std::int64_t items) const {
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  const std::int64_t images = std::min(items / grid + 2, window_.images.batch);
  return images * window_.images.channels * plane(items) + kCopied;
}

void WindowSource::prepare_items(const PanelMemory& memory) const {
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  const std::int64_t size = plane(memory.last_item - memory.first_item);
  float* to = memory.items;
  for (std::int64_t item = memory.first_item; item < memory.last_item;) {
    const std::int64_t image = item / grid;
    const std::int64_t end = std::min(memory.last_item, (image + 1) * grid);
    const std::int64_t first_row = item % grid / window_.grid_width;
    const std::int64_t last_row = (end - 1) % grid / window_.grid_width + 1;
    const std::int64_t rows =
        padded_extent(window_.rows, window_.kernel_height, last_row - first_row);
    for (std::int64_t channel = 0; channel < window_.images.channels; ++channel, to += size) {
      for (std::int64_t row = 0; row < rows; ++row) {
        prepare_row(image, channel, first_row * window_.rows.factor + row, to + row * row_width_);
      }
    }
    item = end;
  }
}

void WindowSource::prepare_row(std::int64_t image, std::int64_t channel, std::int64_t padded_row,
                               float* row) const {
  const Images& images = window_.images;
  const std::int64_t scaled = padded_row + first_row_;
  const std::int64_t divisor = window_.rows.divisor;
  if (scaled < 0 || scaled % divisor != 0 || scaled / divisor >= images.height) {
    std::fill_n(row, row_width_, 0.0F);
    return;
  }
  const float* source = images.data + image * images.image_stride +
                        channel * images.height * images.width + scaled / divisor * images.width;
  assert(window_.columns.divisor == 1 || window_.columns.factor == 1);
  if (window_.columns.divisor != 1 || window_.columns.factor != 1) {
    spread_columns(source, row);
    return;
  }
  const std::int64_t first = std::clamp<std::int64_t>(-first_column_, 0, row_width_);
  const std::int64_t last =
      std::clamp<std::int64_t>(images.width - first_column_, first, row_width_);
  std::fill_n(row, first, 0.0F);
  std::copy(source + first + first_column_, source + last + first_column_, row + first);
  std::fill(row + last, row + row_width_, 0.0F);
}

/// Column phase + i * factor of the padded row shows source column (phase + i * factor +
/// first_column_) / divisor.
void WindowSource::spread_columns(const float* source, float* row) const {
  const AxisMap& map = window_.columns;
  std::fill_n(row, row_width_, 0.0F);
  const std::int64_t width = window_.images.width;
  if (map.factor == 1) {
    const std::int64_t skipped =
        std::max<std::int64_t>(0, first_column_ + map.divisor - 1) / map.divisor;
    std::int64_t to = skipped * map.divisor - first_column_;
    for (std::int64_t i = skipped; i < width && to < row_width_; ++i, to += map.divisor) {
      row[to] = source[i];
    }
    return;
  }
  for (std::int64_t phase = 0; phase < map.factor; ++phase) {
    std::int64_t i =
        std::max<std::int64_t>(0, -first_column_ - phase + map.factor - 1) / map.factor;
    const float* from = source + phase + first_column_;
    float* to = row + phase * phase_width_;
    const std::int64_t end = std::min(
        phase_width_,
        std::max<std::int64_t>(0, width - phase - first_column_ + map.factor - 1) / map.factor);
    for (; i < end; ++i) to[i] = from[i * map.factor];
  }
}

std::int64_t WindowSource::tap_offset(std::int64_t tap) const {
  const std::int64_t row = reach(window_.rows, window_.kernel_height, tap / window_.kernel_width);
  const std::int64_t column =
      reach(window_.columns, window_.kernel_width, tap % window_.kernel_width);
  const std::int64_t factor = window_.columns.factor;
  return row * row_width_ + column % factor * phase_width_ + column / factor;
}

void WindowSource::pack(const PanelRange& range, int width, const PanelMemory& memory,
                        float* panel) const {
  const std::int64_t channels = window_.images.channels;
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  const std::int64_t size = plane(memory.last_item - memory.first_item);
  const std::int64_t first_image = memory.first_item / grid;
  Runs runs;
  for (int done = 0; done < range.count;) {
    const std::int64_t item = range.first_item + done;
    const std::int64_t image = item / grid;
    const std::int64_t row = item % grid / window_.grid_width;
    const std::int64_t column = item % window_.grid_width;
    const int count =
        static_cast<int>(std::min<std::int64_t>(window_.grid_width - column, range.count - done));
    // The first image of a unit begins at the unit's first row.
    const std::int64_t origin =
        image == first_image ? memory.first_item % grid / window_.grid_width : 0;
    Run& run = runs.runs[static_cast<std::size_t>(runs.used++)];
    run.source = (image - first_image) * channels * size +
                 (row - origin) * window_.rows.factor * row_width_ + column;
    run.destination = done;
    run.pieces = static_cast<int>((count + kCopied - 1) / kCopied);
    done += count;
  }
  for (std::int64_t k = range.first_k; k < range.last_k;) {
    const std::int64_t channel = k % channels;
    const std::int64_t last_channel = std::min(channels, channel + range.last_k - k);
    const float* source = memory.items + tap_offset(k / channels) + channel * size;
    for (std::int64_t c = channel; c < last_channel; ++c, source += size, panel += width) {
      runs.copy(source, panel);
    }
    k += last_channel - channel;
  }
}

}  // namespace mantissa
