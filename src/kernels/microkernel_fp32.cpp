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

/// The chain of binary32 fused multiply-adds.
struct FusedStep {
  HWY_INLINE Floats operator()(Floats sum, Floats left, Floats right) const {
    return hn::MulAdd(left, right, sum);
  }
};

template <TileLayout kLayout, int kRows>
void continue_rows(const Tile& tile, int row) {
  if (tile.columns > 2 * kLanes) {
    continue_chains<kLayout, kRows, 3>(FusedStep(), tile, row, 0);
  } else if (tile.columns > kLanes) {
    continue_chains<kLayout, kRows, 2>(FusedStep(), tile, row, 0);
  } else {
    continue_chains<kLayout, kRows, 1>(FusedStep(), tile, row, 0);
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
