#pragma once

#include <cstdint>
#include <utility>
#include <vector>

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

/// A panel's rows, one for each k, where they lie in memory.
struct PanelRows {
  const float* first = nullptr;  ///< null where a panel has to be packed
  std::int64_t stride = 0;
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
  PanelSource(PanelSource&&) = delete;
  PanelSource& operator=(PanelSource&&) = delete;
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

  /// The panel as it lies in memory, if its rows do.
  virtual PanelRows rows(const PanelRange& /*range*/) const { return {}; }

  /// Asks for the memory that `pack` will read, where the hardware would not foresee it.
  virtual void prefetch(const PanelRange& /*range*/) const {}
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
  PanelRows rows(const PanelRange& range) const override;
  void prefetch(const PanelRange& range) const override;

 private:
  const float* data_;
  std::int64_t item_stride_;
  std::int64_t k_stride_;
};

/// The weights of a convolution: k = (tap, channel), the channel fastest; an item is an output
/// channel (forward) or an input channel (backward_data).
class WeightSource final : public PanelSource {
 public:
  /// `taps`: those that take part, in order.
  WeightSource(const float* data, std::int64_t item_stride, std::int64_t channel_stride,
               std::int64_t channels, std::vector<std::int64_t> taps)
      : data_(data),
        item_stride_(item_stride),
        channel_stride_(channel_stride),
        channels_(channels),
        taps_(std::move(taps)) {}
  void pack(const PanelRange& range, int width, const PanelMemory& memory,
            float* panel) const override;

 private:
  const float* data_;
  std::int64_t item_stride_;
  std::int64_t channel_stride_;
  std::int64_t channels_;
  std::vector<std::int64_t> taps_;
};

}  // namespace mantissa
