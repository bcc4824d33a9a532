#include <algorithm>
#include <array>
#include <cassert>

#include "kernels/microkernel.h"
#include "kernels/packing_copy.h"
#include "kernels/packing_window.h"

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
      copy_run(source + piece.source, piece.count, row + piece.destination);
    }
  }
};

}  // namespace

WindowByPosition::WindowByPosition(const Window& window)
    : window_(window),
      rows_(window.rows, window.kernel_height),
      columns_(window.columns, window.kernel_width),
      padded_width_(columns_.padded(window.grid_width)) {
  assert(window.rows.divisor == 1 && window.columns.divisor == 1);
}

std::int64_t WindowByPosition::block_memory(std::int64_t depth) const {
  // A block may begin and end within a row and an image: two more of each than whole ones.
  const std::int64_t images = std::min(depth / window_.grid() + 2, window_.images.batch);
  const std::int64_t rows = std::min(depth / window_.grid_width + 2, window_.grid_height);
  return images * rows_.padded(rows) * padded_width_ * window_.images.channels + kPanelSlack;
}

/// One padded row of an image, [padded_width][channels].
void WindowByPosition::prepare_row(std::int64_t image, std::int64_t row, float* memory) const {
  const Images& images = window_.images;
  const std::int64_t channels = images.channels;
  if (row < 0 || row >= images.height) {
    std::fill_n(memory, padded_width_ * channels, 0.0F);
    return;
  }
  const std::int64_t pad = -columns_.first();
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
  const std::int64_t grid = window_.grid();
  for (std::int64_t k = first_k; k < last_k;) {
    const std::int64_t image = k / grid;
    const std::int64_t end = std::min(last_k, (image + 1) * grid);
    const std::int64_t first_row = k % grid / window_.grid_width;
    const std::int64_t last_row = (end - 1) % grid / window_.grid_width + 1;
    const std::int64_t origin = first_row * rows_.factor() + rows_.first();
    for (std::int64_t row = 0; row < rows_.padded(last_row - first_row); ++row) {
      prepare_row(image, origin + row, to);
      to += padded_width_ * window_.images.channels;
    }
    k = end;
  }
}

std::int64_t WindowByPosition::tap_offset(std::int64_t tap) const {
  const std::int64_t row = rows_.reach(tap / window_.kernel_width);
  const std::int64_t column = columns_.reach(tap % window_.kernel_width);
  return (row * padded_width_ + column) * window_.images.channels;
}

void WindowByPosition::pack(const PanelRange& range, int width, const PanelMemory& memory,
                            float* panel) const {
  const std::int64_t channels = window_.images.channels;
  Pieces pieces;
  for (int done = 0; done < range.count;) {
    const std::int64_t tap = (range.first_item + done) / channels;
    const std::int64_t channel = (range.first_item + done) % channels;
    const int run =
        static_cast<int>(std::min<std::int64_t>(channels - channel, range.count - done));
    pieces.add(tap_offset(tap) + channel, done, run);
    done += run;
  }
  for_each_row(range.first_k, range.last_k, memory.block,
               [&](const float* source, std::int64_t positions) {
                 for (std::int64_t i = 0; i < positions; ++i, panel += width) {
                   pieces.copy(source + i * position_step(), panel);
                 }
               });
}

}  // namespace mantissa
