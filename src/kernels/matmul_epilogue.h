#pragma once

#include <cstdint>

#include "kernels/matmul_tiles.h"
#include "kernels/microkernel.h"

namespace mantissa {

/// The last step of a tile: bias, output format, and the way to the output's memory.
class TileEpilogue {
 public:
  TileEpilogue(const ProductOutput& output, const Epilogue& epilogue)
      : output_(output), epilogue_(epilogue) {}

  /// Writes the sums of the tile whose first element is (first_row, first_column) of the product.
  void write(const Tile& tile, std::int64_t first_row, std::int64_t first_column) const;

 private:
  void finish_run(float* values, int count, std::int64_t row, std::int64_t column,
                  std::uint64_t element) const;

  const ProductOutput& output_;
  const Epilogue& epilogue_;
};

}  // namespace mantissa
