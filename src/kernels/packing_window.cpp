#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/microkernel.h"
#include "kernels/packing.h"

namespace mantissa {
namespace {

/// Short runs are frequent: a call of memcpy for each would cost more than the copy.
inline void copy_run(const float* source, int count, float* destination) {
  while (count >= 8) {
    std::memcpy(destination, source, 8 * sizeof(float));
    source += 8;
    destination += 8;
    count -= 8;
  }
  if ((count & 4) != 0) {
    std::memcpy(destination, source, 4 * sizeof(float));
    source += 4;
    destination += 4;
  }
  for (count &= 3; count > 0; --count) *destination++ = *source++;
}

/// Elements of a panel's row that come from one row of an image, at equal steps.
struct Run {
  std::int64_t source = 0;  ///< offset in the images, for channel 0
  int destination = 0;
  int count = 0;
};

/// The runs of one tap in the row of a panel; what they leave out is +0.
struct RowRuns {
  std::array<Run, kMaxTileColumns> runs;
  int used = 0;
  bool covers = true;
  int source_step = 1;
  int destination_step = 1;

  void copy(const float* source, float* row) const;
};

void RowRuns::copy(const float* source, float* row) const {
  for (int i = 0; i < used; ++i) {
    const Run& run = runs[static_cast<std::size_t>(i)];
    const float* from = source + run.source;
    float* to = row + run.destination;
    if (source_step == 1 && destination_step == 1) {
      copy_run(from, run.count, to);
    } else {
      for (int j = 0; j < run.count; ++j) to[j * destination_step] = from[j * source_step];
    }
  }
}

/// The positions [first, last) of a grid's row, and where they go in the panel's row.
struct GridRow {
  std::int64_t image = 0;
  std::int64_t row = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
  int destination = 0;
};

/// Adds the run of `tap`'s source elements for the positions of a grid row.
void add_run(const Window& window, const GridRow& grid, std::int64_t source_row, std::int64_t tap,
             RowRuns& runs) {
  const AxisMap& map = window.columns;
  // Positions that the divisor divides are `step` apart; the first of them:
  const std::int64_t step = map.divisor;
  const std::int64_t shift = tap * map.tap_step + map.offset;
  std::int64_t first = grid.first;
  while (first < grid.last && (first * map.factor + shift) % step != 0) ++first;
  // Skip what lies before the row; stop behind it.
  if (first * map.factor + shift < 0) {
    const std::int64_t stride = step * map.factor;
    first += (-(first * map.factor + shift) + stride - 1) / stride * step;
  }
  const std::int64_t end = map.extent * map.divisor - shift;  // position * factor must be below
  const std::int64_t last = std::min(grid.last, (end + map.factor - 1) / map.factor);
  if (end <= 0 || first >= last) return;
  Run& run = runs.runs[static_cast<std::size_t>(runs.used++)];
  run.count = static_cast<int>((last - first + step - 1) / step);
  run.destination = grid.destination + static_cast<int>(first - grid.first);
  run.source = grid.image * window.images.image_stride + source_row * window.images.width +
               (first * map.factor + shift) / step;
}

RowRuns find_runs(const Window& window, std::int64_t first_position, int count, std::int64_t tap) {
  RowRuns runs;
  runs.source_step = static_cast<int>(window.columns.factor);
  runs.destination_step = static_cast<int>(window.columns.divisor);
  const std::int64_t grid = window.grid_height * window.grid_width;
  int covered = 0;
  for (int done = 0; done < count;) {
    const std::int64_t position = first_position + done;
    const std::int64_t pixel = position % grid;
    GridRow row;
    row.image = position / grid;
    row.row = pixel / window.grid_width;
    row.first = pixel % window.grid_width;
    row.last = std::min(window.grid_width, row.first + count - done);
    row.destination = done;
    const std::int64_t source_row = window.rows.source(row.row, tap / window.kernel_width);
    const int before = runs.used;
    if (source_row >= 0) add_run(window, row, source_row, tap % window.kernel_width, runs);
    if (runs.used > before) covered += runs.runs[static_cast<std::size_t>(before)].count;
    done += static_cast<int>(row.last - row.first);
  }
  runs.covers = covered == count;
  return runs;
}

}  // namespace

void WindowSource::pack(std::int64_t first_item, int count, int width, std::int64_t first_k,
                        std::int64_t last_k, const float* /*block*/, float* panel) const {
  const std::int64_t channels = window_.images.channels;
  const std::int64_t plane = window_.images.height * window_.images.width;
  for (std::int64_t k = first_k; k < last_k;) {
    const std::int64_t channel = k % channels;
    const std::int64_t last_channel = std::min(channels, channel + last_k - k);
    const RowRuns runs = find_runs(window_, first_item, count, k / channels);
    const float* source = window_.images.data + channel * plane;
    for (std::int64_t c = channel; c < last_channel; ++c, source += plane, panel += width) {
      if (!runs.covers) std::fill_n(panel, count, 0.0F);
      runs.copy(source, panel);
    }
    k += last_channel - channel;
  }
}

}  // namespace mantissa
