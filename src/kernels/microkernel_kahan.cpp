// Kahan-compensated sums on binary32 lanes: four sums a step, each rounded as the accumulator is.

#include "kernels/microkernel_elements.h"
#include "kernels/microkernel_plan.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_kahan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"
#include "kernels/rounding32-inl.h"
#include "kernels/sum_to_odd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

/// Sums that binary32 itself rounds.
class NativeSums {
 public:
  HWY_INLINE Floats add(Floats a, Floats b) const { return hn::Add(a, b); }
  HWY_INLINE Floats multiply_add(Floats left, Floats right, Floats addend) const {
    return hn::MulAdd(left, right, addend);
  }
};

/// Sums rounded to odd, then to the accumulator's format.
class RoundedSums {
 public:
  HWY_INLINE explicit RoundedSums(const Rounding32& rounding) : rounding_(rounding) {}
  HWY_INLINE Floats add(Floats a, Floats b) const {
    return rounding_.round(add_to_odd(Tag(), a, b));
  }
  HWY_INLINE Floats multiply_add(Floats left, Floats right, Floats addend) const {
    return rounding_.round(multiply_add_to_odd(Tag(), left, right, addend));
  }

 private:
  FullRounding rounding_;
};

/// Continues kRows vectors of sums from (row, column) of a tile, with their compensations.
template <TileLayout kLayout, int kRows, class Sums>
HWY_INLINE void continue_compensated(const Sums& sums, const Tile& tile, int row, int column) {
  const Tag d;
  const Operands<float, kLayout> operands(tile, row, column);
  float* at = tile.sums + row * kColumns + column;
  float* compensations = at + kTileRows * kColumns;
  Floats sum[kRows];
  Floats compensation[kRows];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
    sum[i] = hn::LoadU(d, at + i * kColumns);
    compensation[i] = hn::LoadU(d, compensations + i * kColumns);
  }
  for (std::int64_t k = 0; k < tile.depth; ++k) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const Floats addend = sums.multiply_add(operands.left(k, i, 0), operands.right(k, i, 0),
                                              hn::Neg(compensation[i]));
      const Floats total = sums.add(sum[i], addend);
      const Floats added = sums.add(total, hn::Neg(sum[i]));
      compensation[i] = sums.add(added, hn::Neg(addend));
      sum[i] = total;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
    hn::StoreU(sum[i], d, at + i * kColumns);
    hn::StoreU(compensation[i], d, compensations + i * kColumns);
  }
}

template <class Sums>
struct MultiplyBy {
  const Sums& sums;
  const Tile& tile;

  template <TileLayout kLayout>
  void run() const {
    int row = 0;
    if (tile.rows > 4) {
      continue_rows<kLayout, 8>(row);
      row = 8;
    } else if (tile.rows > 1) {
      continue_rows<kLayout, 4>(row);
      row = 4;
    }
    for (; row < tile.rows; ++row) continue_rows<kLayout, 1>(row);
  }

  template <TileLayout kLayout, int kRows>
  void continue_rows(int row) const {
    for (int column = 0; column < tile.columns; column += kLanes) {
      continue_compensated<kLayout, kRows>(sums, tile, row, column);
    }
  }
};

}  // namespace

void multiply_compensated(const Tile& tile, const Plan32& plan) {
  if (plan.sum == Sum32::native) {
    const NativeSums sums;
    with_layout(tile.layout, MultiplyBy<NativeSums>{sums, tile});
  } else {
    const RoundedSums sums(plan.sum_rounding);
    with_layout(tile.layout, MultiplyBy<RoundedSums>{sums, tile});
  }
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(multiply_compensated);

void multiply_kahan32(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(multiply_compensated)(tile, self.plan32);
}

}  // namespace mantissa
#endif
