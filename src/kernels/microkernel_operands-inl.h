// Where the two factors of a tile's products lie: included once per instruction set.

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
constexpr int kColumns = 3 * static_cast<int>(hn::MaxLanes(hn::ScalableTag<float>()));

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
