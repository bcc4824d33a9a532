#include "kernels/packing.h"

#include <algorithm>

#include <hwy/highway.h>

#include "kernels/packing_copy.h"

namespace mantissa {
namespace {

namespace hn = hwy::HWY_NAMESPACE;  // the lowest instruction set: loads and stores bound this code

using Eight = hn::FixedTag<float, 8>;
using Four = hn::Repartition<double, Eight>;
using EightFloats = hn::Vec<Eight>;

constexpr int kLine = 64 / sizeof(float);  ///< floats of a cache line

/// Rows a and b interleaved by pairs of columns: [a0 a1 b0 b1 | a4 a5 b4 b5] and [a2 a3 b2 b3 | a6
/// a7 b6 b7].
EightFloats low_pairs(EightFloats a, EightFloats b) {
  const Four d;
  return hn::BitCast(Eight(), hn::InterleaveLower(d, hn::BitCast(d, a), hn::BitCast(d, b)));
}
EightFloats high_pairs(EightFloats a, EightFloats b) {
  const Four d;
  return hn::BitCast(Eight(), hn::InterleaveUpper(d, hn::BitCast(d, a), hn::BitCast(d, b)));
}

void transpose_8x8(const float* source, std::int64_t row_stride, float* transposed,
                   std::int64_t stride) {
  const Eight d;
  EightFloats row[8];
  for (int i = 0; i < 8; ++i) row[i] = hn::LoadU(d, source + i * row_stride);
  // Columns 0 and 4 in low, 1 and 5 in high halves, and so on, of four rows; then the halves are
  // joined.
  EightFloats part[8];
  for (int half = 0; half < 8; half += 4) {
    const EightFloats low01 = hn::InterleaveLower(d, row[half], row[half + 1]);
    const EightFloats high01 = hn::InterleaveUpper(d, row[half], row[half + 1]);
    const EightFloats low23 = hn::InterleaveLower(d, row[half + 2], row[half + 3]);
    const EightFloats high23 = hn::InterleaveUpper(d, row[half + 2], row[half + 3]);
    part[half] = low_pairs(low01, low23);
    part[half + 1] = high_pairs(low01, low23);
    part[half + 2] = low_pairs(high01, high23);
    part[half + 3] = high_pairs(high01, high23);
  }
  for (int i = 0; i < 4; ++i) {
    hn::StoreU(hn::ConcatLowerLower(d, part[i + 4], part[i]), d, transposed + i * stride);
    hn::StoreU(hn::ConcatUpperUpper(d, part[i + 4], part[i]), d, transposed + (i + 4) * stride);
  }
}

}  // namespace

void transpose(const float* source, std::int64_t row_stride, std::int64_t rows,
               std::int64_t columns, float* transposed, std::int64_t stride) {
  const std::int64_t whole_rows = rows / 8 * 8;
  const std::int64_t whole_columns = columns / 8 * 8;
  for (std::int64_t row = 0; row < whole_rows; row += 8) {
    for (std::int64_t column = 0; column < whole_columns; column += 8) {
      transpose_8x8(source + row * row_stride + column, row_stride,
                    transposed + column * stride + row, stride);
    }
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t first = row < whole_rows ? whole_columns : 0;
    for (std::int64_t column = first; column < columns; ++column) {
      transposed[column * stride + row] = source[row * row_stride + column];
    }
  }
}

void StridedSource::pack(const PanelRange& range, int width, const PanelMemory& /*memory*/,
                         float* panel) const {
  const auto [first_item, count, first_k, last_k] = range;
  const float* source = data_ + first_item * item_stride_ + first_k * k_stride_;
  if (k_stride_ == 1) {
    transpose(source, item_stride_, count, last_k - first_k, panel, width);
    return;
  }
  for (std::int64_t k = first_k; k < last_k; ++k, source += k_stride_, panel += width) {
    if (item_stride_ == 1) {
      copy_run(source, count, panel);
    } else {
      for (int item = 0; item < count; ++item) panel[item] = source[item * item_stride_];
    }
  }
}

PanelRows StridedSource::rows(const PanelRange& range) const {
  if (item_stride_ != 1) return {};
  return {data_ + range.first_item + range.first_k * k_stride_, k_stride_};
}

void StridedSource::prefetch(const PanelRange& range) const {
  const PanelRows panel = rows(range);
  if (panel.first == nullptr) return;
  const float* row = panel.first;
  for (std::int64_t k = range.first_k; k < range.last_k; ++k, row += panel.stride) {
    for (int item = 0; item < range.count; item += kLine) __builtin_prefetch(row + item);
  }
}

void WeightSource::pack(const PanelRange& range, int width, const PanelMemory& /*memory*/,
                        float* panel) const {
  const auto [first_item, count, first_k, last_k] = range;
  const float* items = data_ + first_item * item_stride_;
  // In the order of memory, where the taps of a channel lie side by side.
  for (std::int64_t channel = 0; channel < channels_; ++channel) {
    const std::int64_t skipped =
        std::max<std::int64_t>(first_k - channel + channels_ - 1, 0) / channels_;
    std::int64_t k = channel + skipped * channels_;
    for (std::int64_t tap = skipped; k < last_k; ++tap, k += channels_) {
      const float* source =
          items + channel * channel_stride_ + taps_[static_cast<std::size_t>(tap)];
      float* row = panel + (k - first_k) * width;
      for (int item = 0; item < count; ++item) row[item] = source[item * item_stride_];
    }
  }
}

}  // namespace mantissa
