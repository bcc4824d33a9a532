#include "kernels/packing_window.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/microkernel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kCopied =
    8;  ///< floats copied at once; runs are copied in whole ones of them

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

/// A pointwise window shows each plane as it is: as a single long row it has the fewest runs.
Window as_one_row(Window window) {
  const auto plain = [](const AxisMap& map) {
    return map.factor == 1 && map.divisor == 1 && map.offset == 0;
  };
  const bool whole = window.grid_height == window.images.height &&
                     window.grid_width == window.images.width && window.taps() == 1;
  if (!whole || !plain(window.rows) || !plain(window.columns)) return window;
  window.grid_width = window.images.width = window.grid();
  window.grid_height = window.images.height = 1;
  return window;
}

}  // namespace

WindowSource::WindowSource(const Window& window)
    : window_(as_one_row(window)),
      rows_(window.rows, window.kernel_height),
      columns_(window.columns, window.kernel_width),
      phase_width_(columns_.phase_extent(window_.grid_width)),
      row_width_(phase_width_ * window.columns.factor) {}

/// Floats of one channel's padded plane; a unit of less than an image needs a part of it.
std::int64_t WindowSource::plane(std::int64_t items) const {
  const std::int64_t rows = std::min(window_.grid_height, items / window_.grid_width + 2);
  const std::int64_t size = rows_.padded(rows) * row_width_;
  // Channels a power of two apart would compete for the same cache sets.
  return size % 512 == 0 ? size + 16 : size;
}

std::int64_t WindowSource::items_memory(std::int64_t items) const {
  const std::int64_t images = std::min(items / window_.grid() + 2, window_.images.batch);
  return images * window_.images.channels * plane(items) + kCopied;
}

void WindowSource::prepare_items(const PanelMemory& memory) const {
  const std::int64_t grid = window_.grid();
  const std::int64_t size = plane(memory.last_item - memory.first_item);
  float* to = memory.items;
  for (std::int64_t item = memory.first_item; item < memory.last_item;) {
    const std::int64_t image = item / grid;
    const std::int64_t end = std::min(memory.last_item, (image + 1) * grid);
    const std::int64_t first_row = item % grid / window_.grid_width;
    const std::int64_t last_row = (end - 1) % grid / window_.grid_width + 1;
    const std::int64_t rows = rows_.padded(last_row - first_row);
    for (std::int64_t channel = 0; channel < window_.images.channels; ++channel, to += size) {
      for (std::int64_t row = 0; row < rows; ++row) {
        if (rows_.factor() > 1 && !rows_.sees(row % rows_.factor())) continue;
        prepare_row(image, channel, first_row * rows_.factor() + row, to + row * row_width_);
      }
    }
    item = end;
  }
}

void WindowSource::prepare_row(std::int64_t image, std::int64_t channel, std::int64_t padded_row,
                               float* row) const {
  const Images& images = window_.images;
  const std::int64_t source = rows_.source(padded_row, images.height);
  if (source < 0) {
    std::fill_n(row, row_width_, 0.0F);
    return;
  }
  columns_.spread(images.data + image * images.image_stride +
                      channel * images.height * images.width + source * images.width,
                  images.width, phase_width_, phase_width_, row);
}

void WindowSource::pack(const PanelRange& range, int width, const PanelMemory& memory,
                        float* panel) const {
  const std::int64_t channels = window_.images.channels;
  const std::int64_t grid = window_.grid();
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
    const std::int64_t row_tap = k / channels / window_.kernel_width;
    const std::int64_t column_tap = k / channels % window_.kernel_width;
    const float* source = memory.items + channel * size + rows_.reach(row_tap) * row_width_ +
                          columns_.phase(column_tap) * phase_width_ + columns_.shift(column_tap);
    for (std::int64_t c = channel; c < last_channel; ++c, source += size, panel += width) {
      runs.copy(source, panel);
    }
    k += last_channel - channel;
  }
}

}  // namespace mantissa
