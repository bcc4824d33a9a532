#include "kernels/microkernel.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_fp32.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

template <TileLayout kLayout, int kRows, int kVectors>
void continue_chains(const Tile& tile, int row) {
  const Tag d;
  const Operands<float, kLayout> operands(tile, row, 0);
  float* HWY_RESTRICT sums = tile.sums + row * kColumns;
  Floats sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      sum[i][vector] = hn::LoadU(d, sums + i * kColumns + vector * kLanes);
    }
  }
  const std::int64_t depth = tile.depth;
  for (std::int64_t k = 0; k < depth; ++k) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int vector = 0; vector < kVectors; ++vector) {
        sum[i][vector] =
            hn::MulAdd(operands.left(k, i, vector), operands.right(k, i, vector), sum[i][vector]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      hn::StoreU(sum[i][vector], d, sums + i * kColumns + vector * kLanes);
    }
  }
}

template <TileLayout kLayout, int kRows>
void continue_rows(const Tile& tile, int row) {
  if (tile.columns > 2 * kLanes) {
    continue_chains<kLayout, kRows, 3>(tile, row);
  } else if (tile.columns > kLanes) {
    continue_chains<kLayout, kRows, 2>(tile, row);
  } else {
    continue_chains<kLayout, kRows, 1>(tile, row);
  }
}

// Accumulators that fit the registers beside one row of the right operand: 8 x 3 of 32, 4 x 3 of
// 16.
constexpr int kRegisterRows = kLanes >= 16 ? 8 : 4;

struct Multiply {
  const Tile& tile;

  template <TileLayout kLayout>
  void run() const {
    for (int row = 0; row < tile.rows;) {
      const int left = tile.rows - row;
      if (left > 4 && kRegisterRows == 8) {
        continue_rows<kLayout, kRegisterRows>(tile, row);
        row += 8;
      } else if (left > 2) {
        continue_rows<kLayout, 4>(tile, row);
        row += 4;
      } else if (left == 2) {
        continue_rows<kLayout, 2>(tile, row);
        row += 2;
      } else {
        continue_rows<kLayout, 1>(tile, row);
        row += 1;
      }
    }
  }
};

}  // namespace

int panel_columns() {
  return kColumns;
}

void multiply(const Tile& tile) {
  with_layout(tile.layout, Multiply{tile});
}

void add(const Tile& tile) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; column += kLanes) {
      float* sums = tile.sums + row * kColumns + column;
      const Floats right = hn::LoadU(Tag(), tile.right + row * kColumns + column);
      hn::StoreU(hn::Add(hn::LoadU(Tag(), sums), right), Tag(), sums);
    }
  }
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(panel_columns);
HWY_EXPORT(multiply);
HWY_EXPORT(add);

int tile_columns() {
  return HWY_DYNAMIC_DISPATCH(panel_columns)();
}

void multiply_fp32(const Tile& tile, const Accumulation& /*self*/) {
  HWY_DYNAMIC_DISPATCH(multiply)(tile);
}

void add_fp32(const Tile& tile, const Accumulation& /*self*/) {
  HWY_DYNAMIC_DISPATCH(add)(tile);
}

}  // namespace mantissa
#endif
