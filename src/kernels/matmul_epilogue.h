#pragma once

#include <cstdint>

#include "kernels/matmul_tiles.h"
#include "kernels/microkernel.h"

namespace mantissa {

/// Bias and output format of `count` sums side by side, in place: elements from (row, column) on,
/// whose indices begin with `element`.
void apply_epilogue(const Epilogue& epilogue, float* sums, int count, std::int64_t row,
                    std::int64_t column, std::uint64_t element);

/// The last step of a tile: bias, output format, and the way to the output's memory. The tile's
/// first element is (first_row, first_column) of the product.
void write_tile(const ProductOutput& output, const Epilogue& epilogue, const Tile& tile,
                std::int64_t first_row, std::int64_t first_column, const ColumnRuns& runs);

}  // namespace mantissa
