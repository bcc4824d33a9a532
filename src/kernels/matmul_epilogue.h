#pragma once

#include <cstdint>

#include "kernels/matmul_tiles.h"
#include "kernels/microkernel.h"

namespace mantissa {

/// The last steps of a sum, bias and output format, and whether there are any.
class TileEpilogue {
 public:
  explicit TileEpilogue(const Epilogue& epilogue)
      : epilogue_(epilogue),
        rounds_(!epilogue.output.is_identity()),
        idle_(!rounds_ && epilogue.row_bias == nullptr && epilogue.column_bias == nullptr) {
    if (rounds_ && epilogue.events != nullptr) limits_ = event_limits(epilogue.output);
  }

  /// For `count` sums side by side, in place: elements from (row, column) on, whose indices begin
  /// with `element`.
  /// What rounding does is added to `events`.
  void apply(float* sums, int count, std::int64_t row, std::int64_t column, std::uint64_t element,
             TensorEvents& events) const {
    if (!idle_) finish(sums, count, row, column, element, events);
  }

  /// Hands on what was counted.
  void report(const TensorEvents& events) const {
    if (epilogue_.events != nullptr) epilogue_.events->add(events);
  }

  /// Also writes the sums of a tile to the output's memory. Its first element is (first_row,
  /// first_column) of the product.
  void write(const ProductOutput& output, const Tile& tile, std::int64_t first_row,
             std::int64_t first_column, const ColumnRuns& runs) const;

 private:
  void finish(float* sums, int count, std::int64_t row, std::int64_t column, std::uint64_t element,
              TensorEvents& events) const;

  Epilogue epilogue_;
  EventLimits limits_;
  bool rounds_;
  bool idle_;
};

}  // namespace mantissa
