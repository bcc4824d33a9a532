#include "kernels/microkernel.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_fp32.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

const hn::ScalableTag<float> kFloats;
using Floats = hn::Vec<decltype(kFloats)>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(decltype(kFloats){}));
constexpr int kTileVectors = 3;
constexpr int kColumns = kTileVectors * kLanes;

// Accumulators that fit the registers beside one row of the right operand: 8 x 3 of 32, 4 x 3
// of 16.
constexpr int kRegisterRows = kLanes >= 16 ? 8 : 4;

int panel_columns() {
  return kColumns;
}

template <int kRows, int kVectors>
void accumulate_block(const float* HWY_RESTRICT left, const float* HWY_RESTRICT right,
                      float* HWY_RESTRICT sums, std::int64_t depth) {
  Floats sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      sum[row][vector] = hn::LoadU(kFloats, sums + row * kColumns + vector * kLanes);
    }
  }
  for (std::int64_t k = 0; k < depth; ++k) {
    Floats factor[kVectors];
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      factor[vector] = hn::LoadU(kFloats, right + k * kColumns + vector * kLanes);
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
      const Floats weight = hn::Set(kFloats, left[k * kTileRows + row]);
#pragma GCC unroll 3
      for (int vector = 0; vector < kVectors; ++vector) {
        sum[row][vector] = hn::MulAdd(weight, factor[vector], sum[row][vector]);
      }
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      hn::StoreU(sum[row][vector], kFloats, sums + row * kColumns + vector * kLanes);
    }
  }
}

template <int kRows>
void accumulate_rows(const Tile& tile, int first_row) {
  const float* left = tile.left + first_row;
  float* sums = tile.sums + first_row * kColumns;
  if (tile.columns > 2 * kLanes) {
    accumulate_block<kRows, 3>(left, tile.right, sums, tile.depth);
  } else if (tile.columns > kLanes) {
    accumulate_block<kRows, 2>(left, tile.right, sums, tile.depth);
  } else {
    accumulate_block<kRows, 1>(left, tile.right, sums, tile.depth);
  }
}

void multiply(const Tile& tile) {
  for (int row = 0; row < tile.rows;) {
    const int left = tile.rows - row;
    if (left > 4 && kRegisterRows == 8) {
      accumulate_rows<kRegisterRows>(tile, row);
      row += 8;
    } else if (left > 2) {
      accumulate_rows<4>(tile, row);
      row += 4;
    } else if (left == 2) {
      accumulate_rows<2>(tile, row);
      row += 2;
    } else {
      accumulate_rows<1>(tile, row);
      row += 1;
    }
  }
}

void add(const Tile& tile) {
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; column += kLanes) {
      float* sums = tile.sums + row * kColumns + column;
      const Floats right = hn::LoadU(kFloats, tile.right + row * kColumns + column);
      hn::StoreU(hn::Add(hn::LoadU(kFloats, sums), right), kFloats, sums);
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
