#include "kernels/softmax.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/elementwise.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

void softmax_row(const float* x, float* y, std::int64_t count) {
  const float top = largest(x, count);
  for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] - top;
  exponential(y, y, count);
  const double total = ordered_sum(y, count);
  for (std::int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(double{y[i]} / total);
}

void softmax_gradient_row(const float* y, const float* grad_y, float* grad_x, std::int64_t count) {
  const double mean = ordered_dot(y, grad_y, count);
  for (std::int64_t i = 0; i < count; ++i) {
    grad_x[i] = static_cast<float>(double{y[i]} * (double{grad_y[i]} - mean));
  }
}

void log_softmax_row(const float* x, float* y, std::int64_t count) {
  const float top = largest(x, count);
  for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] - top;
  exponential(y, y, count);
  const double log_total = natural_logarithm(ordered_sum(y, count));
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = static_cast<float>((double{x[i]} - double{top}) - log_total);
  }
}

void log_softmax_gradient_row(const float* y, const float* grad_y, float* grad_x,
                              std::int64_t count) {
  const double total = ordered_sum(grad_y, count);
  std::vector<float> probabilities(static_cast<std::size_t>(count));
  exponential(y, probabilities.data(), count);
  for (std::int64_t i = 0; i < count; ++i) {
    grad_x[i] = static_cast<float>(double{grad_y[i]} -
                                   double{probabilities[static_cast<std::size_t>(i)]} * total);
  }
}

/// Gathers the strided row `row` of `source`; the inverse is `scatter_row`.
void gather_row(const SoftmaxShape& shape, std::int64_t row, const float* source, float* values) {
  const float* first = source + row / shape.inner * shape.extent * shape.inner + row % shape.inner;
  for (std::int64_t i = 0; i < shape.extent; ++i) values[i] = first[i * shape.inner];
}

void scatter_row(const SoftmaxShape& shape, std::int64_t row, const float* values, float* target) {
  float* first = target + row / shape.inner * shape.extent * shape.inner + row % shape.inner;
  for (std::int64_t i = 0; i < shape.extent; ++i) first[i * shape.inner] = values[i];
}

/// Calls `body(a_row, b_row, result_row)` on every row as a contiguous array; `b` may be null.
template <typename Body>
void for_each_row(const SoftmaxShape& shape, const float* a, const float* b, float* result,
                  Body body) {
  const std::int64_t grain =
      std::max<std::int64_t>(1, 2048 / std::max<std::int64_t>(1, shape.extent));
  parallel_for(shape.outer * shape.inner, grain, [&](std::int64_t begin, std::int64_t end) {
    if (shape.inner == 1) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t offset = row * shape.extent;
        body(a + offset, b == nullptr ? nullptr : b + offset, result + offset);
      }
      return;
    }
    const auto extent = static_cast<std::size_t>(shape.extent);
    std::vector<float> rows(3 * extent);
    float* a_row = rows.data();
    float* b_row = a_row + extent;
    float* result_row = b_row + extent;
    for (std::int64_t row = begin; row < end; ++row) {
      gather_row(shape, row, a, a_row);
      if (b != nullptr) gather_row(shape, row, b, b_row);
      body(a_row, b_row, result_row);
      scatter_row(shape, row, result_row, result);
    }
  });
}

}  // namespace

void softmax(const SoftmaxShape& shape, const float* x, float* y) {
  for_each_row(shape, x, nullptr, y, [&](const float* x_row, const float*, float* y_row) {
    softmax_row(x_row, y_row, shape.extent);
  });
}

void softmax_gradient(const SoftmaxShape& shape, const float* y, const float* grad_y,
                      float* grad_x) {
  for_each_row(shape, y, grad_y, grad_x,
               [&](const float* y_row, const float* grad_y_row, float* grad_x_row) {
                 softmax_gradient_row(y_row, grad_y_row, grad_x_row, shape.extent);
               });
}

void log_softmax(const SoftmaxShape& shape, const float* x, float* y) {
  for_each_row(shape, x, nullptr, y, [&](const float* x_row, const float*, float* y_row) {
    log_softmax_row(x_row, y_row, shape.extent);
  });
}

void log_softmax_gradient(const SoftmaxShape& shape, const float* y, const float* grad_y,
                          float* grad_x) {
  for_each_row(shape, y, grad_y, grad_x,
               [&](const float* y_row, const float* grad_y_row, float* grad_x_row) {
                 log_softmax_gradient_row(y_row, grad_y_row, grad_x_row, shape.extent);
               });
}

float largest(const float* values, std::int64_t count) {
  float top = values[0];
  for (std::int64_t i = 1; i < count; ++i) {
    if (!(values[i] <= top)) top = values[i];
    if (std::isnan(top)) return top;
  }
  return top;
}

}  // namespace mantissa
