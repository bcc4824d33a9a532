#include "kernels/pooling.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

/// One position in the kernel along one axis: the outputs [first, last) for which it lies in the
/// plane.
struct Tap {
  std::int64_t offset = 0;  ///< of its element from `output * stride`
  std::int64_t first = 0;
  std::int64_t last = 0;
};

struct Axis {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_begin = 0;
  std::int64_t pad_end = 0;

  std::vector<Tap> taps() const {
    std::vector<Tap> taps;
    for (std::int64_t k = 0; k < kernel; ++k) {
      Tap tap;
      tap.offset = k * dilation - pad_begin;
      tap.first = tap.offset >= 0 ? 0 : (-tap.offset + stride - 1) / stride;
      tap.last = tap.offset >= in ? 0 : std::min(out, (in - 1 - tap.offset) / stride + 1);
      tap.first = std::min(tap.first, out);
      tap.last = std::max(tap.last, tap.first);
      taps.push_back(tap);
    }
    return taps;
  }

  /// Elements of each window along this axis.
  std::vector<double> counts(bool count_padding) const {
    const std::int64_t low = count_padding ? -pad_begin : 0;
    const std::int64_t high = count_padding ? in + pad_end : in;
    std::vector<double> counts;
    for (std::int64_t o = 0; o < out; ++o) {
      std::int64_t count = 0;
      for (std::int64_t k = 0; k < kernel; ++k) {
        const std::int64_t position = o * stride - pad_begin + k * dilation;
        if (position >= low && position < high) ++count;
      }
      counts.push_back(static_cast<double>(count));
    }
    return counts;
  }
};

Axis vertical(const PoolingShape& s) {
  return {s.in_height,       s.out_height, s.kernel_height, s.stride_height,
          s.dilation_height, s.pad_top,    s.pad_bottom};
}
Axis horizontal(const PoolingShape& s) {
  return {s.in_width,       s.out_width, s.kernel_width, s.stride_width,
          s.dilation_width, s.pad_left,  s.pad_right};
}

/// Elements of input that are worth a task of their own.
constexpr std::int64_t kTaskElements = 16384;

template <typename Body>
void for_each_plane(const PoolingShape& shape, const Body& body) {
  const std::int64_t plane = std::max<std::int64_t>(1, shape.in_height * shape.in_width);
  parallel_for(shape.planes, std::max<std::int64_t>(1, kTaskElements / plane), body);
}

/// Calls body(row_tap, row, column_tap) for the taps that reach output row `oh`, row-major; `row`
/// is the tap's input row.
template <typename Body>
void for_each_tap(const std::vector<Tap>& rows, std::int64_t columns, std::int64_t oh,
                  std::int64_t stride, const Body& body) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (oh < rows[r].first || oh >= rows[r].last) continue;
    const std::int64_t row = oh * stride + rows[r].offset;
    for (std::int64_t c = 0; c < columns; ++c) body(static_cast<std::int64_t>(r), row, c);
  }
}

/// A loop over outputs whose inputs lie `stride` apart. Strides 1 and 2 are constants of a loop of
/// their own, which the compiler then vectorises.
template <typename Body>
void with_stride(std::int64_t stride, const Body& body) {
  if (stride == 1) {
    body([](std::int64_t i) { return i; });
  } else if (stride == 2) {
    body([](std::int64_t i) { return 2 * i; });
  } else {
    body([stride](std::int64_t i) { return i * stride; });
  }
}

/// best = max(best, x), where a later NaN wins over all and an earlier one is kept.
template <typename At>
void take_larger(const float* x, At at, std::int64_t count, float* __restrict best) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = x[at(i)];
    const bool take = (value > best[i]) | (value != value);
    best[i] = take ? value : best[i];
  }
}

template <typename At>
void take_larger(const float* x, At at, std::int64_t count, float tap, float* __restrict best,
                 float* __restrict winner) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = x[at(i)];
    const bool take = (value > best[i]) | (value != value);
    best[i] = take ? value : best[i];
    winner[i] = take ? tap : winner[i];
  }
}

/// The first tap of each window along one axis: what wins where nothing exceeds -infinity.
std::vector<float> first_taps(const std::vector<Tap>& taps, std::int64_t out) {
  std::vector<float> first;
  for (std::int64_t o = 0; o < out; ++o) {
    std::size_t k = 0;
    while (k < taps.size() && (o < taps[k].first || o >= taps[k].last)) ++k;
    first.push_back(static_cast<float>(k));
  }
  return first;
}

}  // namespace

void max_pool_forward(const PoolingShape& shape, const float* x, float* y, float* winners) {
  const std::vector<Tap> rows = vertical(shape).taps();
  const std::vector<Tap> columns = horizontal(shape).taps();
  const std::vector<float> first_rows = first_taps(rows, shape.out_height);
  const std::vector<float> first_columns = first_taps(columns, shape.out_width);
  const auto pool_row = [&](const float* plane, std::int64_t oh, float* best, float* winner) {
    std::fill_n(best, shape.out_width, -std::numeric_limits<float>::infinity());
    if (winner != nullptr) {
      const float first =
          first_rows[static_cast<std::size_t>(oh)] * static_cast<float>(shape.kernel_width);
      for (std::size_t i = 0; i < first_columns.size(); ++i) winner[i] = first + first_columns[i];
    }
    for_each_tap(rows, shape.kernel_width, oh, shape.stride_height,
                 [&](std::int64_t r, std::int64_t row, std::int64_t c) {
                   const Tap& tap = columns[static_cast<std::size_t>(c)];
                   const float* from =
                       plane + row * shape.in_width + tap.first * shape.stride_width + tap.offset;
                   const std::int64_t count = tap.last - tap.first;
                   with_stride(shape.stride_width, [&](auto at) {
                     if (winner == nullptr) {
                       take_larger(from, at, count, best + tap.first);
                     } else {
                       take_larger(from, at, count, static_cast<float>(r * shape.kernel_width + c),
                                   best + tap.first, winner + tap.first);
                     }
                   });
                 });
  };
  for_each_plane(shape, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin * shape.out_height; row < end * shape.out_height; ++row) {
      const float* plane = x + row / shape.out_height * shape.in_height * shape.in_width;
      const std::int64_t at = row * shape.out_width;
      pool_row(plane, row % shape.out_height, y + at, winners == nullptr ? nullptr : winners + at);
    }
  });
}

void max_pool_backward(const PoolingShape& shape, const float* grad_y, const float* winners,
                       float* grad_x) {
  std::vector<std::int64_t> offsets;  // of each tap from its window's first
  for (std::int64_t r = 0; r < shape.kernel_height; ++r) {
    for (std::int64_t c = 0; c < shape.kernel_width; ++c) {
      offsets.push_back((r * shape.dilation_height - shape.pad_top) * shape.in_width +
                        c * shape.dilation_width - shape.pad_left);
    }
  }
  const std::int64_t plane_elements = shape.in_height * shape.in_width;
  for_each_plane(shape, [&](std::int64_t begin, std::int64_t end) {
    std::fill_n(grad_x + begin * plane_elements, (end - begin) * plane_elements, 0.0F);
    for (std::int64_t row = begin * shape.out_height; row < end * shape.out_height; ++row) {
      float* window = grad_x + row / shape.out_height * plane_elements +
                      row % shape.out_height * shape.stride_height * shape.in_width;
      const std::int64_t at = row * shape.out_width;
      for (std::int64_t ow = 0; ow < shape.out_width; ++ow) {
        const auto tap = static_cast<std::size_t>(winners[at + ow]);
        window[ow * shape.stride_width + offsets[tap]] += grad_y[at + ow];
      }
    }
  });
}

void average_pool_forward(const PoolingShape& shape, bool count_padding, const float* x, float* y) {
  const std::vector<Tap> rows = vertical(shape).taps();
  const std::vector<Tap> columns = horizontal(shape).taps();
  const std::vector<double> row_counts = vertical(shape).counts(count_padding);
  const std::vector<double> column_counts = horizontal(shape).counts(count_padding);
  for_each_plane(shape, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> sums(static_cast<std::size_t>(shape.out_width));
    for (std::int64_t row = begin * shape.out_height; row < end * shape.out_height; ++row) {
      const std::int64_t oh = row % shape.out_height;
      const float* plane = x + row / shape.out_height * shape.in_height * shape.in_width;
      std::fill(sums.begin(), sums.end(), 0.0);
      for_each_tap(rows, shape.kernel_width, oh, shape.stride_height,
                   [&](std::int64_t, std::int64_t in_row, std::int64_t c) {
                     const Tap& tap = columns[static_cast<std::size_t>(c)];
                     const float* from = plane + in_row * shape.in_width +
                                         tap.first * shape.stride_width + tap.offset;
                     double* __restrict to = sums.data() + tap.first;
                     with_stride(shape.stride_width, [&](auto at) {
                       for (std::int64_t i = 0; i < tap.last - tap.first; ++i) {
                         to[i] += static_cast<double>(from[at(i)]);
                       }
                     });
                   });
      const double row_count = row_counts[static_cast<std::size_t>(oh)];
      for (std::size_t i = 0; i < sums.size(); ++i) {
        y[row * shape.out_width + static_cast<std::int64_t>(i)] =
            static_cast<float>(sums[i] / (row_count * column_counts[i]));
      }
    }
  });
}

void average_pool_backward(const PoolingShape& shape, bool count_padding, const float* grad_y,
                           float* grad_x) {
  const std::vector<Tap> rows = vertical(shape).taps();
  const std::vector<Tap> columns = horizontal(shape).taps();
  const std::vector<double> row_counts = vertical(shape).counts(count_padding);
  const std::vector<double> column_counts = horizontal(shape).counts(count_padding);
  const std::int64_t plane_elements = shape.in_height * shape.in_width;
  for_each_plane(shape, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> shares(static_cast<std::size_t>(shape.out_width));
    std::fill_n(grad_x + begin * plane_elements, (end - begin) * plane_elements, 0.0F);
    for (std::int64_t row = begin * shape.out_height; row < end * shape.out_height; ++row) {
      const std::int64_t oh = row % shape.out_height;
      float* plane = grad_x + row / shape.out_height * plane_elements;
      const double row_count = row_counts[static_cast<std::size_t>(oh)];
      for (std::size_t i = 0; i < shares.size(); ++i) {
        const float gradient = grad_y[row * shape.out_width + static_cast<std::int64_t>(i)];
        shares[i] =
            static_cast<float>(static_cast<double>(gradient) / (row_count * column_counts[i]));
      }
      for_each_tap(rows, shape.kernel_width, oh, shape.stride_height,
                   [&](std::int64_t, std::int64_t in_row, std::int64_t c) {
                     const Tap& tap = columns[static_cast<std::size_t>(c)];
                     float* __restrict to = plane + in_row * shape.in_width +
                                            tap.first * shape.stride_width + tap.offset;
                     const float* share = shares.data() + tap.first;
                     with_stride(shape.stride_width, [&](auto at) {
                       for (std::int64_t i = 0; i < tap.last - tap.first; ++i)
                         to[at(i)] += share[i];
                     });
                   });
    }
  });
}

}  // namespace mantissa
