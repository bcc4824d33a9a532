#pragma once

#include <cstdint>

#include "kernels/matmul.h"

namespace mantissa {

/// What a source has prepared for the panels of a unit of work.
struct PanelMemory {
  std::int64_t first_item = 0;  ///< of the unit
  std::int64_t last_item = 0;
  float* items = nullptr;  ///< made by `prepare_items`
  float* block = nullptr;  ///< made by `prepare_block`
};

/// The part of an operand that one panel shows: `count` items from `first_item`, by k in [first_k,
/// last_k).
struct PanelRange {
  std::int64_t first_item = 0;
  int count = 0;
  std::int64_t first_k = 0;
  std::int64_t last_k = 0;
};

/// Floats behind a panel's last row that `PanelSource::pack` may write.
constexpr std::int64_t kPanelSlack = 16;

/// One operand of a matrix product: `items` (rows of the left, columns of the right operand) by the
/// reduction index k, wherever its elements lie.
class PanelSource {
 public:
  PanelSource() = default;
  PanelSource(const PanelSource&) = delete;
  PanelSource& operator=(const PanelSource&) = delete;
  virtual ~PanelSource() = default;

  /// Floats that `prepare_items` and `prepare_block` need for `items` items and blocks of `depth`
  /// products.
  virtual std::int64_t items_memory(std::int64_t /*items*/) const { return 0; }
  virtual std::int64_t block_memory(std::int64_t /*depth*/) const { return 0; }

  /// Brings what all panels of a unit share into its memory, for every k.
  virtual void prepare_items(const PanelMemory& /*memory*/) const {}

  /// Brings what all panels share for k in [first_k, last_k) into the unit's memory.
  virtual void prepare_block(std::int64_t /*first_k*/, std::int64_t /*last_k*/,
                             const PanelMemory& /*memory*/) const {}

  /// Writes panel[k - first_k][width]: element (first_item + w, k) for w < count. What it writes
  /// for w in [count, width) is not used.
  virtual void pack(const PanelRange& range, int width, const PanelMemory& memory,
                    float* panel) const = 0;
};

/// transposed[column * stride + row] = source[row * row_stride + column]
void transpose(const float* source, std::int64_t row_stride, std::int64_t rows,
               std::int64_t columns, float* transposed, std::int64_t stride);

/// A matrix with any strides.
class StridedSource final : public PanelSource {
 public:
  StridedSource(const float* data, std::int64_t item_stride, std::int64_t k_stride)
      : data_(data), item_stride_(item_stride), k_stride_(k_stride) {}
  void pack(const PanelRange& range, int width, const PanelMemory& memory,
            float* panel) const override;

 private:
  const float* data_;
  std::int64_t item_stride_;
  std::int64_t k_stride_;
};

/// The weights of a convolution: k = (tap, channel), the channel fastest; an item is an output
/// channel (forward) or an input channel (backward_data).
class WeightSource final : public PanelSource {
 public:
  WeightSource(const float* data, std::int64_t item_stride, std::int64_t channel_stride,
               std::int64_t channels)
      : data_(data),
        item_stride_(item_stride),
        channel_stride_(channel_stride),
        channels_(channels) {}
  void pack(const PanelRange& range, int width, const PanelMemory& memory,
            float* panel) const override;

 private:
  const float* data_;
  std::int64_t item_stride_;
  std::int64_t channel_stride_;
  std::int64_t channels_;
};

/// How a kernel tap and a position of one tensor give a position of the other, along one axis:
/// (position * factor + tap * tap_step + offset) / divisor, absent where that has a remainder or is
/// out of range.
struct AxisMap {
  std::int64_t factor = 1;
  std::int64_t tap_step = 1;
  std::int64_t offset = 0;
  std::int64_t divisor = 1;
  std::int64_t extent = 1;  ///< of the tensor read

  /// The position read, or -1.
  std::int64_t source(std::int64_t position, std::int64_t tap) const {
    const std::int64_t scaled = position * factor + tap * tap_step + offset;
    if (scaled < 0 || scaled % divisor != 0) return -1;
    return scaled / divisor < extent ? scaled / divisor : -1;
  }
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
};

/// im2col: items are positions, k = (tap, channel), the channel fastest. Padding is +0.
///
/// A unit's part of the images is first copied with its padding, zeros in the gaps of a divisor,
/// and the columns of a row sorted by their remainder modulo the factor: every row of the grid is
/// then, for every tap, one run of memory.
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
  void spread_columns(const float* source, float* row) const;
  std::int64_t tap_offset(std::int64_t tap) const;

  Window window_;
  std::int64_t first_row_;  ///< what row 0 of a padded plane shows, before the divisor
  std::int64_t first_column_;
  std::int64_t phase_width_;  ///< columns of one remainder
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

 private:
  /// The rows that one image of a block takes: grid rows [first, last) see `padded_rows(last -
  /// first)` rows of the image.
  std::int64_t padded_rows(std::int64_t grid_rows) const;
  void prepare_row(std::int64_t image, std::int64_t row, float* memory) const;

  Window window_;
  std::int64_t padded_width_;
};

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
