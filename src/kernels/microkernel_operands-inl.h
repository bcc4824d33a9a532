// Where the two factors of a tile's products lie, and how a block of binary32 chains runs through
// them: included once per instruction set.

#if defined(MANTISSA_KERNELS_MICROKERNEL_OPERANDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MANTISSA_KERNELS_MICROKERNEL_OPERANDS_INL_H_
#undef MANTISSA_KERNELS_MICROKERNEL_OPERANDS_INL_H_
#else
#define MANTISSA_KERNELS_MICROKERNEL_OPERANDS_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/microkernel.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Columns of a tile: three vectors of binary32.
inline constexpr int kColumns = 3 * static_cast<int>(hn::MaxLanes(hn::ScalableTag<float>()));

HWY_INLINE hn::Vec<hn::ScalableTag<float>> load_as(hn::ScalableTag<float> d, const float* from) {
  return hn::LoadU(d, from);
}
HWY_INLINE hn::Vec<hn::ScalableTag<double>> load_as(hn::ScalableTag<double> d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, hn::ScalableTag<double>>(), from));
}

/// The factors of the products of kRows x kVectors chains from (row, column) of a tile, as vectors
/// of T. What does not depend on the row or the column is loaded once, since the compiler sees that
/// it is the same.
template <class T, TileLayout kLayout>
class Operands {
  using Tag = hn::ScalableTag<T>;
  using Vector = hn::Vec<Tag>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

 public:
  HWY_INLINE Operands(const Tile& tile, int row, int column)
      : left_(tile.left),
        right_(tile.right + column),
        offsets_(tile.offsets),
        left_step_(tile.left_step),
        right_step_(tile.right_step) {
    if constexpr (kLayout == TileLayout::outer) left_ += row;
    if constexpr (kLayout == TileLayout::strip) right_ += row * kColumns;
    if constexpr (kLayout == TileLayout::channels) {
      left_ += column;
      offsets_ += row;
    }
  }

  HWY_INLINE Vector left(std::int64_t k, int row, int vector) const {
    if constexpr (kLayout == TileLayout::outer) {
      return hn::Set(Tag(), static_cast<T>(left_[k * kTileRows + row]));
    } else if constexpr (kLayout == TileLayout::strip) {
      return hn::Set(Tag(), static_cast<T>(left_[k]));
    } else {
      return load_as(Tag(), left_ + k * left_step_ + vector * kLanes);
    }
  }

  HWY_INLINE Vector right(std::int64_t k, int row, int vector) const {
    if constexpr (kLayout == TileLayout::outer) {
      return load_as(Tag(), right_ + k * kColumns + vector * kLanes);
    } else if constexpr (kLayout == TileLayout::strip) {
      return load_as(Tag(), right_ + offsets_[k] + row * kColumns + vector * kLanes);
    } else {
      return load_as(Tag(), right_ + k * right_step_ + offsets_[row] + vector * kLanes);
    }
  }

 private:
  const float* left_;
  const float* right_;
  const std::int64_t* offsets_;
  std::int64_t left_step_;
  std::int64_t right_step_;
};

/// Sums that a step keeps in another scale, on their way from and to the state.
template <class Step, class Vector>
HWY_INLINE Vector enter_step(const Step& step, Vector sum) {
  if constexpr (requires { step.enter(sum); }) return step.enter(sum);
  return sum;
}
template <class Step, class Vector>
HWY_INLINE Vector leave_step(const Step& step, Vector sum) {
  if constexpr (requires { step.leave(sum); }) return step.leave(sum);
  return sum;
}

/// Continues kRows x kVectors binary32 chains from (row, column) of a tile over its depth, the sums
/// in registers: `sum = step(sum, left, right)` for each k.
template <TileLayout kLayout, int kRows, int kVectors, class Step>
HWY_INLINE void continue_chains(const Step& step, const Tile& tile, int row, int column) {
  using Tag = hn::ScalableTag<float>;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));
  const Tag d;
  const Operands<float, kLayout> operands(tile, row, column);
  float* sums = tile.sums + row * kColumns + column;
  hn::Vec<Tag> sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      sum[i][vector] = enter_step(step, hn::LoadU(d, sums + i * kColumns + vector * kLanes));
    }
  }
  const std::int64_t depth = tile.depth;
  for (std::int64_t k = 0; k < depth; ++k) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int vector = 0; vector < kVectors; ++vector) {
        sum[i][vector] =
            step(sum[i][vector], operands.left(k, i, vector), operands.right(k, i, vector));
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      hn::StoreU(leave_step(step, sum[i][vector]), d, sums + i * kColumns + vector * kLanes);
    }
  }
}

/// Continues all chains of a tile, eight rows of one vector of columns at a time: for steps that
/// leave few registers.
template <class Step>
struct MultiplyColumns {
  const Step& step;
  const Tile& tile;

  template <TileLayout kLayout>
  void run() const {
    int row = 0;
    if (tile.rows > 2) {
      continue_rows<kLayout, kTileRows>(row);
      row = kTileRows;
    }
    for (; row < tile.rows; ++row) continue_rows<kLayout, 1>(row);
  }

  template <TileLayout kLayout, int kRows>
  void continue_rows(int row) const {
    constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::ScalableTag<float>()));
    for (int column = 0; column < tile.columns; column += kLanes) {
      continue_chains<kLayout, kRows, 1>(step, tile, row, column);
    }
  }
};

/// One step of all chains of a tile, `tile.right` being the products.
template <class Step>
void add_by(const Step& step, const Tile& tile) {
  const hn::ScalableTag<float> d;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(d));
  const auto one = hn::Set(d, 1.0F);
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; column += kLanes) {
      float* sums = tile.sums + row * kColumns + column;
      const auto right = hn::LoadU(d, tile.right + row * kColumns + column);
      const auto sum = step(enter_step(step, hn::LoadU(d, sums)), right, one);
      hn::StoreU(leave_step(step, sum), d, sums);
    }
  }
}

/// Calls `body.run<layout>()`.
template <class Body>
HWY_INLINE void with_layout(TileLayout layout, const Body& body) {
  if (layout == TileLayout::outer) {
    body.template run<TileLayout::outer>();
  } else if (layout == TileLayout::strip) {
    body.template run<TileLayout::strip>();
  } else {
    body.template run<TileLayout::channels>();
  }
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard
