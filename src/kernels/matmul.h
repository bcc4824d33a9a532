#pragma once

#include <cstdint>

#include "numeric/events.h"
#include "numeric/mac.h"

namespace mantissa {

/// A matrix that something else owns; either stride may be any integer, so a transpose is a view.
struct MatrixView {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t row_stride = 0;
  std::int64_t column_stride = 1;

  MatrixView transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

/// What happens to a sum before it is written, in this order: sum + bias in binary32 (one rounding;
/// skipped without a bias), then the output format.
struct Epilogue {
  const float* row_bias = nullptr;     ///< [rows of c], added to every element of its row
  const float* column_bias = nullptr;  ///< [columns of c]
  Quantization output;
  RandomKey output_key;  ///< of the output's stochastic rounding; element index as below
  TensorEventCounter* events = nullptr;  ///< of the rounding to the output format, if wanted
};

/// c[i, j] = epilogue(sum over k of a[i, k] * b[k, j]), each sum by the chain that `mac` describes,
/// k increasing.
///
/// c is row-major with `c_row_stride` elements a row, and may not overlap a or b. Element (i, j)
/// has the index `first_element + i * columns(b) + j`; its random words, where the mac rounds
/// stochastically, are words k of chain `index` (numeric/rounding_words.h) under the keys
/// `key.child("sum")` and `key.child("product")`, and under `key.child("chunk")` for the sum of the
/// chunk that begins with product k.
/// Parallel over tiles of c, never over k: the bits do not depend on threads. With K = 0 every sum
/// is +0.
void matmul(const MatrixView& a, const MatrixView& b, float* c, std::int64_t c_row_stride,
            const Mac& mac, RandomKey key = {}, const Epilogue& epilogue = {},
            std::uint64_t first_element = 0);

}  // namespace mantissa
