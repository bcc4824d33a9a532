#include "kernels/matmul_epilogue.h"

#include <algorithm>
#include <array>

namespace mantissa {

void apply_epilogue(const Epilogue& epilogue, float* sums, int count, std::int64_t row,
                    std::int64_t column, std::uint64_t element) {
  if (epilogue.row_bias != nullptr) {
    const float bias = epilogue.row_bias[row];
    for (int i = 0; i < count; ++i) sums[i] += bias;
  }
  if (epilogue.column_bias != nullptr) {
    for (int i = 0; i < count; ++i) sums[i] += epilogue.column_bias[column + i];
  }
  if (!epilogue.output.is_identity()) {
    quantize(std::span<float>(sums, static_cast<std::size_t>(count)), epilogue.output,
             epilogue.output_key, element);
  }
}

void write_tile(const ProductOutput& output, const Epilogue& epilogue, const Tile& tile,
                std::int64_t first_row, std::int64_t first_column) {
  const int stride = tile_columns();
  // Columns that lie side by side in the output are written as one run.
  for (int column = 0; column < tile.columns;) {
    const std::int64_t offset = output.columns.offset(first_column + column);
    int count = 1;
    while (column + count < tile.columns &&
           output.columns.offset(first_column + column + count) == offset + count) {
      ++count;
    }
    for (int row = 0; row < tile.rows; ++row) {
      float* sums = tile.sums + row * stride + column;
      const std::int64_t product_row = first_row + row;
      apply_epilogue(epilogue, sums, count, product_row, first_column + column,
                     output.first_element +
                         static_cast<std::uint64_t>(product_row * output.row_elements + offset));
      std::copy_n(sums, count, output.data + product_row * output.row_stride + offset);
    }
    column += count;
  }
}

}  // namespace mantissa
