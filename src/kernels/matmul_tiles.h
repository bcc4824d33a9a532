#pragma once

#include <array>
#include <cstdint>

#include "kernels/matmul.h"
#include "kernels/microkernel.h"
#include "kernels/packing.h"

namespace mantissa {

/// Where the columns of a product lie in its output: column j = (outer, middle, inner), the inner
/// fastest.
struct ColumnMap {
  std::int64_t middle_extent = 1;
  std::int64_t inner_extent = 1;
  std::int64_t outer_stride = 0;
  std::int64_t middle_stride = 0;
  std::int64_t inner_stride = 1;
};

/// Columns that lie at equal steps in the output.
struct ColumnRun {
  int column = 0;  ///< of the tile
  int count = 0;
  std::int64_t offset = 0;  ///< of the first one in the output
  std::int64_t step = 1;
};

/// The columns [first, first + count) of a product as runs.
class ColumnRuns {
 public:
  ColumnRuns(const ColumnMap& map, std::int64_t first, int count);

  const ColumnRun* begin() const { return runs_.data(); }
  const ColumnRun* end() const { return runs_.data() + used_; }

 private:
  std::array<ColumnRun, kMaxTileColumns> runs_;
  int used_ = 0;
};

/// The output of a product. Element (i, j) lies at data[i * row_stride + offset of column j] and
/// has the index first_element + i * row_elements + offset of column j for its random words.
struct ProductOutput {
  float* data = nullptr;
  std::int64_t row_stride = 0;
  ColumnMap columns;
  std::uint64_t first_element = 0;
  std::int64_t row_elements = 0;
};

/// A matrix product in its general shape: operands that pack themselves into panels, a chain per
/// element, an output that may lie anywhere. Matrix products and convolutions are all this.
struct TiledProduct {
  const PanelSource* left = nullptr;
  const PanelSource* right = nullptr;
  OperandFacts left_facts;  ///< measured if the mac needs them
  OperandFacts right_facts;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t depth = 0;
  ProductOutput output;
};

/// Computes the product in tiles: pack, run the micro-kernel of `mac`, epilogue. Parallel over
/// blocks of tiles.
void multiply_tiles(const TiledProduct& product, const Mac& mac, RandomKey key,
                    const Epilogue& epilogue);

}  // namespace mantissa
