#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "kernels/microkernel.h"
#include "kernels/packing.h"

namespace mantissa {
namespace {

/// Items of a panel that lie side by side in a block.
struct Piece {
  std::int64_t source = 0;  ///< offset from the position's first tap and channel
  int destination = 0;
  int count = 0;
};

struct Pieces {
  std::array<Piece, kMaxTileColumns> pieces;
  int used = 0;

  void add(std::int64_t source, int destination, int count) {
    if (used > 0) {
      Piece& last = pieces[static_cast<std::size_t>(used - 1)];
      if (last.source + last.count == source) {
        last.count += count;
        return;
      }
    }
    pieces[static_cast<std::size_t>(used++)] = {source, destination, count};
  }

  void copy(const float* source, float* row) const {
    for (int i = 0; i < used; ++i) {
      const Piece& piece = pieces[static_cast<std::size_t>(i)];
      const float* from = source + piece.source;
      float* to = row + piece.destination;
      int count = piece.count;
      for (; count >= 8; count -= 8, from += 8, to += 8) std::memcpy(to, from, 8 * sizeof(float));
      for (; count > 0; --count) *to++ = *from++;
    }
  }
};

}  // namespace

WindowByPosition::WindowByPosition(const Window& window) : window_(window) {
  assert(window.rows.divisor == 1 && window.columns.divisor == 1);
  padded_width_ = (window.grid_width - 1) * window.columns.factor +
                  (window.kernel_width - 1) * window.columns.tap_step + 1;
}

std::int64_t WindowByPosition::padded_rows(std::int64_t grid_rows) const {
  return (grid_rows - 1) * window_.rows.factor +
         (window_.kernel_height - 1) * window_.rows.tap_step + 1;
}

std::int64_t WindowByPosition::block_memory(std::int64_t depth) const {
  // A block may begin and end within a row and an image: two more of each than whole ones.
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  const std::int64_t images = std::min(depth / grid + 2, window_.images.batch);
  const std::int64_t rows = std::min(depth / window_.grid_width + 2, window_.grid_height);
  return images * padded_rows(rows) * padded_width_ * window_.images.channels;
}

/// One padded row of an image, [padded_width][channels].
void WindowByPosition::prepare_row(std::int64_t image, std::int64_t row, float* memory) const {
  const Images& images = window_.images;
  const std::int64_t channels = images.channels;
  if (row < 0 || row >= images.height) {
    std::fill_n(memory, padded_width_ * channels, 0.0F);
    return;
  }
  const std::int64_t pad = -window_.columns.offset;
  const std::int64_t first = std::clamp<std::int64_t>(pad, 0, padded_width_);
  const std::int64_t last = std::clamp<std::int64_t>(pad + images.width, first, padded_width_);
  std::fill_n(memory, first * channels, 0.0F);
  transpose(images.data + image * images.image_stride + row * images.width + first - pad,
            images.height * images.width, channels, last - first, memory + first * channels,
            channels);
  std::fill(memory + last * channels, memory + padded_width_ * channels, 0.0F);
}

void WindowByPosition::prepare_block(std::int64_t first_k, std::int64_t last_k,
                                     const PanelMemory& memory) const {
  float* to = memory.block;
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  for (std::int64_t k = first_k; k < last_k;) {
    const std::int64_t image = k / grid;
    const std::int64_t end = std::min(last_k, (image + 1) * grid);
    const std::int64_t first_row = k % grid / window_.grid_width;
    const std::int64_t last_row = (end - 1) % grid / window_.grid_width + 1;
    const std::int64_t origin = first_row * window_.rows.factor + window_.rows.offset;
    for (std::int64_t row = 0; row < padded_rows(last_row - first_row); ++row) {
      prepare_row(image, origin + row, to);
      to += padded_width_ * window_.images.channels;
    }
    k = end;
  }
}

void WindowByPosition::pack(const PanelRange& range, int width, const PanelMemory& memory,
                            float* panel) const {
  const auto [first_item, count, first_k, last_k] = range;
  const float* block = memory.block;
  const std::int64_t channels = window_.images.channels;
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  Pieces pieces;
  for (int done = 0; done < count;) {
    const std::int64_t tap = (first_item + done) / channels;
    const std::int64_t channel = (first_item + done) % channels;
    const int run = static_cast<int>(std::min<std::int64_t>(channels - channel, count - done));
    const std::int64_t row = tap / window_.kernel_width * window_.rows.tap_step;
    const std::int64_t column = tap % window_.kernel_width * window_.columns.tap_step;
    pieces.add((row * padded_width_ + column) * channels + channel, done, run);
    done += run;
  }
  const std::int64_t row_step = window_.rows.factor * padded_width_ * channels;
  const std::int64_t column_step = window_.columns.factor * channels;
  for (std::int64_t k = first_k; k < last_k;) {
    const std::int64_t end = std::min(last_k, (k / grid + 1) * grid);
    const std::int64_t first_row = k % grid / window_.grid_width;
    const std::int64_t last_row = (end - 1) % grid / window_.grid_width + 1;
    for (std::int64_t row = first_row; row < last_row; ++row) {
      const std::int64_t column = k % window_.grid_width;
      const std::int64_t columns = std::min(window_.grid_width - column, end - k);
      const float* source = block + (row - first_row) * row_step + column * column_step;
      for (std::int64_t i = 0; i < columns; ++i, source += column_step, panel += width) {
        pieces.copy(source, panel);
      }
      k += columns;
    }
    block += padded_rows(last_row - first_row) * padded_width_ * channels;
  }
}

}  // namespace mantissa
