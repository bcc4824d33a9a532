#include "kernels/matmul_epilogue.h"

#include "kernels/packing_copy.h"

namespace mantissa {

void TileEpilogue::finish(float* sums, int count, std::int64_t row, std::int64_t column,
                          std::uint64_t element, TensorEvents& events) const {
  if (epilogue_.row_bias != nullptr) {
    const float bias = epilogue_.row_bias[row];
    for (int i = 0; i < count; ++i) sums[i] += bias;
  }
  if (epilogue_.column_bias != nullptr) {
    for (int i = 0; i < count; ++i) sums[i] += epilogue_.column_bias[column + i];
  }
  if (!rounds_) return;
  const std::span<float> values(sums, static_cast<std::size_t>(count));
  if (epilogue_.events != nullptr) {
    quantize_and_count(values, epilogue_.output, limits_, epilogue_.output_key, element, events);
  } else {
    quantize(values, epilogue_.output, epilogue_.output_key, element);
  }
}

void TileEpilogue::write(const ProductOutput& output, const Tile& tile, std::int64_t first_row,
                         std::int64_t first_column, const ColumnRuns& runs) const {
  const int stride = tile_columns();
  TensorEvents events;
  for (int i = 0; i < tile.rows; ++i) {
    const std::int64_t row = first_row + i;
    const std::uint64_t element =
        output.first_element + static_cast<std::uint64_t>(row * output.row_elements);
    float* to = output.data + row * output.row_stride;
    for (const ColumnRun& run : runs) {
      float* sums = tile.sums + i * stride + run.column;
      // The index of an element is of use to rounded outputs only, which lie side by side.
      apply(sums, run.count, row, first_column + run.column,
            element + static_cast<std::uint64_t>(run.offset), events);
      if (run.step == 1) {
        copy_run(sums, run.count, to + run.offset);
      } else {
        for (int j = 0; j < run.count; ++j) to[run.offset + j * run.step] = sums[j];
      }
    }
  }
  report(events);
}

}  // namespace mantissa
