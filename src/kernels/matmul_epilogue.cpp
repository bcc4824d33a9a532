#include "kernels/matmul_epilogue.h"

#include <algorithm>
#include <array>

namespace mantissa {

void TileEpilogue::write(const Tile& tile, std::int64_t first_row,
                         std::int64_t first_column) const {
  const int stride = tile_columns();
  // Columns that lie side by side in the output are written as one run.
  for (int column = 0; column < tile.columns;) {
    const std::int64_t offset = output_.columns.offset(first_column + column);
    int count = 1;
    while (column + count < tile.columns &&
           output_.columns.offset(first_column + column + count) == offset + count) {
      ++count;
    }
    for (int row = 0; row < tile.rows; ++row) {
      float* sums = tile.sums + row * stride + column;
      const std::int64_t product_row = first_row + row;
      finish_run(sums, count, product_row, first_column + column,
                 output_.first_element +
                     static_cast<std::uint64_t>(product_row * output_.row_elements + offset));
      std::copy_n(sums, count, output_.data + product_row * output_.row_stride + offset);
    }
    column += count;
  }
}

void TileEpilogue::finish_run(float* values, int count, std::int64_t row, std::int64_t column,
                              std::uint64_t element) const {
  if (epilogue_.row_bias != nullptr) {
    const float bias = epilogue_.row_bias[row];
    for (int i = 0; i < count; ++i) values[i] += bias;
  }
  if (epilogue_.column_bias != nullptr) {
    for (int i = 0; i < count; ++i) values[i] += epilogue_.column_bias[column + i];
  }
  if (!epilogue_.output.is_identity()) {
    quantize(std::span<float>(values, static_cast<std::size_t>(count)), epilogue_.output,
             epilogue_.output_key, element);
  }
}

}  // namespace mantissa
