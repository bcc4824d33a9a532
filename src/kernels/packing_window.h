#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/packing.h"

namespace mantissa {

/// How a kernel tap and a position of one tensor give a position of the other, along one axis:
/// (position * factor + tap * tap_step + offset) / divisor, absent where that has a remainder or is
/// out of range. Factor or divisor is 1.
struct AxisMap {
  std::int64_t factor = 1;
  std::int64_t tap_step = 1;
  std::int64_t offset = 0;
  std::int64_t divisor = 1;
};

/// The images that a convolution reads: [batch, all channels, height, width], of which one group's
/// channels count.
struct Images {
  const float* data = nullptr;  ///< at the group's first channel
  std::int64_t batch = 1;
  std::int64_t image_stride = 0;  ///< all channels * plane
  std::int64_t channels = 1;      ///< of the group
  std::int64_t height = 1;
  std::int64_t width = 1;
};

/// A sliding window over images: positions are (image, row, column) of a grid, taps are (kernel
/// row, kernel column).
struct Window {
  Images images;
  AxisMap rows;
  AxisMap columns;
  std::int64_t grid_height = 1;
  std::int64_t grid_width = 1;
  std::int64_t kernel_height = 1;
  std::int64_t kernel_width = 1;

  std::int64_t grid() const { return grid_height * grid_width; }
  std::int64_t taps() const { return kernel_height * kernel_width; }
};

/// One axis of images that have their padding, and zeros in the gaps of a divisor: position p of
/// the grid sees, for tap t, padded position p * factor + reach(t). Padded positions are sorted by
/// their remainder modulo the factor (their phase), so that what a tap sees along the grid lies
/// side by side.
class PaddedAxis {
 public:
  PaddedAxis(const AxisMap& map, std::int64_t taps);

  std::int64_t factor() const { return map_.factor; }
  std::int64_t first() const {
    return first_;
  }  ///< what padded position 0 shows, before the divisor
  std::int64_t reach(std::int64_t tap) const {
    return map_.tap_step >= 0 ? tap * map_.tap_step : (tap - (taps_ - 1)) * map_.tap_step;
  }
  std::int64_t phase(std::int64_t tap) const { return reach(tap) % map_.factor; }
  std::int64_t shift(std::int64_t tap) const { return reach(tap) / map_.factor; }

  /// Padded positions of all phases, or of one, that `extent` positions of the grid see.
  std::int64_t padded(std::int64_t extent) const;
  std::int64_t phase_extent(std::int64_t extent) const {
    return (padded(extent) + map_.factor - 1) / map_.factor;
  }

  /// Some tap sees padded positions of this phase.
  bool sees(std::int64_t phase) const;

  /// The position of the tensor at a padded position, or -1.
  std::int64_t source(std::int64_t padded, std::int64_t extent) const;

  /// Writes what a row of `extent` values shows: phase f of the padded row goes to row + f *
  /// phase_stride, `phase_extent` values each.
  void spread(const float* source, std::int64_t extent, std::int64_t phase_extent,
              std::int64_t phase_stride, float* row) const;

 private:
  void spread_apart(const float* source, std::int64_t extent, std::int64_t phase_extent,
                    float* row) const;
  void spread_phase(const float* source, std::int64_t extent, std::int64_t phase,
                    std::int64_t phase_extent, float* row) const;

  AxisMap map_;
  std::int64_t taps_;
  std::int64_t first_;
  std::uint64_t phases_seen_ = 0;
};

/// im2col: items are positions, k = (tap, channel), the channel fastest. Padding is +0.
///
/// A unit's part of the images is first copied with its padding (`PaddedAxis`): every row of the
/// grid is then, for every tap, one run of memory.
class WindowSource final : public PanelSource {
 public:
  explicit WindowSource(const Window& window);
  std::int64_t items_memory(std::int64_t items) const override;
  void prepare_items(const PanelMemory& memory) const override;
  void pack(const PanelRange& range, int width, const PanelMemory& memory,
            float* panel) const override;

 private:
  std::int64_t plane(std::int64_t items) const;
  void prepare_row(std::int64_t image, std::int64_t channel, std::int64_t padded_row,
                   float* row) const;

  Window window_;
  PaddedAxis rows_;
  PaddedAxis columns_;
  std::int64_t phase_width_;  ///< columns of one phase
  std::int64_t row_width_;
};

/// im2col with the reduction over positions: items = (tap, channel), the channel fastest, and k
/// are positions. The divisors of the window must be 1.
///
/// A block is the part of the images that its positions see, padded, with the channels innermost:
/// all taps of a position are then runs of it.
class WindowByPosition final : public PanelSource {
 public:
  explicit WindowByPosition(const Window& window);
  std::int64_t block_memory(std::int64_t depth) const override;
  void prepare_block(std::int64_t first_k, std::int64_t last_k,
                     const PanelMemory& memory) const override;
  void pack(const PanelRange& range, int width, const PanelMemory& memory,
            float* panel) const override;

  /// Calls visit(first of them in the block, their number) for the positions of each row of the
  /// grid, in order. They are `position_step()` apart.
  template <class Visit>
  void for_each_row(std::int64_t first_k, std::int64_t last_k, const float* block,
                    Visit visit) const;
  std::int64_t position_step() const { return window_.columns.factor * window_.images.channels; }
  /// From a position's place in the block to what a tap sees there, in channel 0.
  std::int64_t tap_offset(std::int64_t tap) const;

 private:
  void prepare_row(std::int64_t image, std::int64_t row, float* memory) const;

  Window window_;
  PaddedAxis rows_;
  PaddedAxis columns_;
  std::int64_t padded_width_;
};

template <class Visit>
void WindowByPosition::for_each_row(std::int64_t first_k, std::int64_t last_k, const float* block,
                                    Visit visit) const {
  const std::int64_t grid = window_.grid();
  const std::int64_t row_size = padded_width_ * window_.images.channels;
  for (std::int64_t k = first_k; k < last_k;) {
    const std::int64_t end = std::min(last_k, (k / grid + 1) * grid);
    const std::int64_t first_row = k % grid / window_.grid_width;
    const std::int64_t last_row = (end - 1) % grid / window_.grid_width + 1;
    for (std::int64_t row = first_row; row < last_row; ++row) {
      const std::int64_t column = k % window_.grid_width;
      const std::int64_t columns = std::min(window_.grid_width - column, end - k);
      visit(block + (row - first_row) * window_.rows.factor * row_size + column * position_step(),
            columns);
      k += columns;
    }
    block += rows_.padded(last_row - first_row) * row_size;
  }
}

/// The gradient as left operand of backward_weight: items are channels, k = (image, pixel).
class PixelSource final : public PanelSource {
 public:
  explicit PixelSource(const Images& images) : images_(images) {}
  void pack(const PanelRange& range, int width, const PanelMemory& memory,
            float* panel) const override;

 private:
  Images images_;
};

}  // namespace mantissa
