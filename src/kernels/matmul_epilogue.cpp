#include "kernels/matmul_epilogue.h"

#include "kernels/packing_copy.h"

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
                std::int64_t first_row, std::int64_t first_column, const ColumnRuns& runs) {
  const int stride = tile_columns();
  for (int i = 0; i < tile.rows; ++i) {
    const std::int64_t row = first_row + i;
    const std::uint64_t element =
        output.first_element + static_cast<std::uint64_t>(row * output.row_elements);
    float* to = output.data + row * output.row_stride;
    for (const ColumnRun& run : runs) {
      float* sums = tile.sums + i * stride + run.column;
      apply_epilogue(epilogue, sums, run.count, row, first_column + run.column,
                     element + static_cast<std::uint64_t>(run.offset));
      copy_run(sums, run.count, to + run.offset);
    }
  }
}

}  // namespace mantissa
