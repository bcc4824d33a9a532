#include "kernels/softmax.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/elementwise.h"
#include "kernels/reduction.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

/// Elements of the rows that are worked on together: with their results they stay in the
/// first-level cache.
constexpr std::int64_t kBlock = 2048;

// The functions below take `rows` contiguous rows of `extent` elements.

/// y = e^(x - largest of the row).
void shifted_exponentials(const float* x, float* y, std::int64_t rows, std::int64_t extent) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float top = largest(x + row * extent, extent);
    for (std::int64_t i = row * extent; i < (row + 1) * extent; ++i) y[i] = x[i] - top;
  }
  exponential(y, y, rows * extent);
}

std::vector<double> row_sums(const float* x, std::int64_t rows, std::int64_t extent) {
  std::vector<double> sums(static_cast<std::size_t>(rows));
  axis_sums(x, rows, extent, 1, sums.data());
  return sums;
}

void softmax_rows(const float* x, const float* /*grad_y*/, float* y, std::int64_t rows,
                  std::int64_t extent) {
  shifted_exponentials(x, y, rows, extent);
  const std::vector<double> totals = row_sums(y, rows, extent);
  for (std::int64_t row = 0; row < rows; ++row) {
    const double factor = 1 / totals[static_cast<std::size_t>(row)];
    for (std::int64_t i = row * extent; i < (row + 1) * extent; ++i) {
      y[i] = static_cast<float>(double{y[i]} * factor);
    }
  }
}

void softmax_gradient_rows(const float* y, const float* grad_y, float* grad_x, std::int64_t rows,
                           std::int64_t extent) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const double mean = sum_of_products(y + row * extent, grad_y + row * extent, extent);
    for (std::int64_t i = row * extent; i < (row + 1) * extent; ++i) {
      grad_x[i] = static_cast<float>(double{y[i]} * (double{grad_y[i]} - mean));
    }
  }
}

void log_softmax_rows(const float* x, const float* /*grad_y*/, float* y, std::int64_t rows,
                      std::int64_t extent) {
  shifted_exponentials(x, y, rows, extent);
  const std::vector<double> totals = row_sums(y, rows, extent);
  for (std::int64_t row = 0; row < rows; ++row) {
    const double log_total = natural_logarithm(totals[static_cast<std::size_t>(row)]);
    const double top{largest(x + row * extent, extent)};
    for (std::int64_t i = row * extent; i < (row + 1) * extent; ++i) {
      y[i] = static_cast<float>((double{x[i]} - top) - log_total);
    }
  }
}

void log_softmax_gradient_rows(const float* y, const float* grad_y, float* grad_x,
                               std::int64_t rows, std::int64_t extent) {
  exponential(y, grad_x, rows * extent);
  const std::vector<double> totals = row_sums(grad_y, rows, extent);
  for (std::int64_t row = 0; row < rows; ++row) {
    const double total = totals[static_cast<std::size_t>(row)];
    for (std::int64_t i = row * extent; i < (row + 1) * extent; ++i) {
      grad_x[i] = static_cast<float>(double{grad_y[i]} - double{grad_x[i]} * total);
    }
  }
}

/// Where `rows` neighbouring rows lie in an array: the same outer position, inner positions one
/// after the other.
struct StridedRows {
  std::int64_t offset;
  std::int64_t rows;
};

void gather(const float* from, const SoftmaxShape& shape, const StridedRows& place, float* to) {
  for (std::int64_t i = 0; i < shape.extent; ++i) {
    const float* line = from + place.offset + i * shape.inner;
    for (std::int64_t row = 0; row < place.rows; ++row) to[row * shape.extent + i] = line[row];
  }
}

void scatter(const float* from, const SoftmaxShape& shape, const StridedRows& place, float* to) {
  for (std::int64_t i = 0; i < shape.extent; ++i) {
    float* line = to + place.offset + i * shape.inner;
    for (std::int64_t row = 0; row < place.rows; ++row) line[row] = from[row * shape.extent + i];
  }
}

using RowFunction = void (*)(const float* a, const float* b, float* result, std::int64_t rows,
                             std::int64_t extent);

void apply_contiguous(const SoftmaxShape& shape, const float* a, const float* b, float* result,
                      RowFunction function) {
  const std::int64_t rows = std::max<std::int64_t>(1, kBlock / shape.extent);
  const std::int64_t blocks = (shape.outer + rows - 1) / rows;
  parallel_for(blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block * rows;
      const std::int64_t offset = first * shape.extent;
      function(a + offset, b == nullptr ? nullptr : b + offset, result + offset,
               std::min(rows, shape.outer - first), shape.extent);
    }
  });
}

/// Rows that are not contiguous are copied to where they are, several at a time: a cache line of
/// the array holds elements of sixteen neighbouring rows.
void apply_strided(const SoftmaxShape& shape, const float* a, const float* b, float* result,
                   RowFunction function) {
  const std::int64_t rows = std::min<std::int64_t>(
      shape.inner, std::max<std::int64_t>(16, kBlock / shape.extent / 16 * 16));
  const std::int64_t blocks = (shape.inner + rows - 1) / rows;
  parallel_for(shape.outer * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    const auto size = static_cast<std::size_t>(rows * shape.extent);
    std::vector<float> a_rows(size);
    std::vector<float> b_rows(b == nullptr ? 0 : size);
    std::vector<float> result_rows(size);
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block % blocks * rows;
      const StridedRows place = {block / blocks * shape.extent * shape.inner + first,
                                 std::min(rows, shape.inner - first)};
      gather(a, shape, place, a_rows.data());
      if (b != nullptr) gather(b, shape, place, b_rows.data());
      function(a_rows.data(), b_rows.data(), result_rows.data(), place.rows, shape.extent);
      scatter(result_rows.data(), shape, place, result);
    }
  });
}

void apply(const SoftmaxShape& shape, const float* a, const float* b, float* result,
           RowFunction function) {
  (shape.inner == 1 ? apply_contiguous : apply_strided)(shape, a, b, result, function);
}

}  // namespace

void softmax(const SoftmaxShape& shape, const float* x, float* y) {
  apply(shape, x, nullptr, y, softmax_rows);
}

void softmax_gradient(const SoftmaxShape& shape, const float* y, const float* grad_y,
                      float* grad_x) {
  apply(shape, y, grad_y, grad_x, softmax_gradient_rows);
}

void log_softmax(const SoftmaxShape& shape, const float* x, float* y) {
  apply(shape, x, nullptr, y, log_softmax_rows);
}

void log_softmax_gradient(const SoftmaxShape& shape, const float* y, const float* grad_y,
                          float* grad_x) {
  apply(shape, y, grad_y, grad_x, log_softmax_gradient_rows);
}

float largest(const float* values, std::int64_t count) {
  const auto larger = [](float a, float b) { return b > a ? b : a; };
  float top = values[0];
  if (count < 8) {
    for (std::int64_t i = 1; i < count; ++i) top = larger(top, values[i]);
    return top;
  }
  std::array<float, 8> tops = {};
  std::copy_n(values, 8, tops.begin());
  for (std::int64_t i = 8; i < count; i += 8) {
    const float* block = values + std::min(i, count - 8);  // the last one overlaps that before
    for (std::size_t j = 0; j < 8; ++j) tops[j] = larger(tops[j], block[j]);
  }
  for (std::size_t width = 4; width > 0; width /= 2) {
    for (std::size_t j = 0; j < width; ++j) tops[j] = larger(tops[j], tops[j + width]);
  }
  return tops[0];
}

}  // namespace mantissa
