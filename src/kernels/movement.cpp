#include "kernels/movement.h"

#include <algorithm>
#include <cstring>

#include "kernels/elementwise.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

struct StridedAxis {
  std::int64_t extent = 1;
  std::int64_t stride = 0;  ///< in the source
};

/// The axes of the transposed array, outermost first, without extents of 1 and with those merged
/// that stay together.
std::vector<StridedAxis> transposed_axes(const Shape& shape,
                                         const std::vector<std::size_t>& permutation) {
  std::vector<StridedAxis> axes;
  for (const std::size_t axis : permutation) {
    if (shape[axis] == 1) continue;
    const StridedAxis next = {shape[axis], shape.elements(axis + 1, shape.rank())};
    if (!axes.empty() && axes.back().stride == next.extent * next.stride) {
      axes.back() = {axes.back().extent * next.extent, next.stride};
    } else {
      axes.push_back(next);
    }
  }
  if (axes.empty()) axes.push_back({1, 1});
  return axes;
}

std::int64_t row_start(const std::vector<StridedAxis>& axes, std::int64_t row) {
  std::int64_t offset = 0;
  for (std::size_t axis = axes.size() - 1; axis-- > 0;) {
    offset += row % axes[axis].extent * axes[axis].stride;
    row /= axes[axis].extent;
  }
  return offset;
}

/// A mapped copy, split where it can be: leading axes that are copied as they are.
class MappedCopy {
 public:
  MappedCopy(const Shape& source, const AxisMaps& maps) : source_(source), maps_(maps) {
    while (outer_axes_ < maps.size() && is_identity(outer_axes_)) ++outer_axes_;
    outer_ = source.elements(0, outer_axes_);
    source_block_ = source.elements(outer_axes_, source.rank());
    for (std::size_t axis = outer_axes_; axis < maps.size(); ++axis) {
      mapped_block_ *= static_cast<std::int64_t>(maps[axis].size());
    }
  }

  /// Calls `body(source_position, mapped_position, length)`, source_position -1 where nothing is
  /// read, for runs of the blocks that belong to outer positions [begin, end). Runs are in the
  /// order of the mapped array.
  template <typename Body>
  void for_each(std::int64_t begin, std::int64_t end, Body body) const {
    for (std::int64_t outer = begin; outer < end; ++outer) {
      std::int64_t mapped = outer * mapped_block_;
      visit(outer_axes_, outer * source_block_, mapped, body);
    }
  }

  std::int64_t outer() const { return outer_; }
  std::int64_t grain() const {
    return std::max<std::int64_t>(1, kElementwiseGrain / std::max<std::int64_t>(1, mapped_block_));
  }
  std::int64_t source_block() const { return source_block_; }

 private:
  bool is_identity(std::size_t axis) const {
    const std::vector<std::int64_t>& map = maps_[axis];
    if (static_cast<std::int64_t>(map.size()) != source_[axis]) return false;
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (map[i] != static_cast<std::int64_t>(i)) return false;
    }
    return true;
  }

  /// `base` < 0: an outer axis already reads nothing.
  template <typename Body>
  void visit(std::size_t axis, std::int64_t base, std::int64_t& mapped, Body& body) const {
    if (axis == maps_.size()) {
      body(base, mapped++, 1);
      return;
    }
    const std::vector<std::int64_t>& map = maps_[axis];
    if (axis + 1 < maps_.size()) {
      const std::int64_t stride = source_.elements(axis + 1, source_.rank());
      for (const std::int64_t from : map) {
        visit(axis + 1, base < 0 || from < 0 ? -1 : base + from * stride, mapped, body);
      }
      return;
    }
    for (std::size_t i = 0; i < map.size();) {
      // A run of the innermost axis: all absent, or neighbours in the source.
      const bool absent = base < 0 || map[i] < 0;
      std::size_t end = i + 1;
      while (end < map.size() &&
             (absent ? base < 0 || map[end] < 0 : map[end] == map[end - 1] + 1)) {
        ++end;
      }
      body(absent ? -1 : base + map[i], mapped, static_cast<std::int64_t>(end - i));
      mapped += static_cast<std::int64_t>(end - i);
      i = end;
    }
  }

  const Shape& source_;
  const AxisMaps& maps_;
  std::size_t outer_axes_ = 0;
  std::int64_t outer_ = 1;
  std::int64_t source_block_ = 1;
  std::int64_t mapped_block_ = 1;
};

}  // namespace

void copy_elements(const Tensor& from, Tensor& to) {
  parallel_for(static_cast<std::int64_t>(from.size()), kElementwiseGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 std::copy(from.data() + begin, from.data() + end, to.data() + begin);
               });
}

void transpose(const Tensor& from, const std::vector<std::size_t>& permutation, Tensor& to) {
  if (from.empty()) return;
  const std::vector<StridedAxis> axes = transposed_axes(from.shape(), permutation);
  const auto [length, stride] = axes.back();
  const std::int64_t rows = static_cast<std::int64_t>(from.size()) / length;
  const std::int64_t grain = std::max<std::int64_t>(1, kElementwiseGrain / length);
  parallel_for(rows, grain,
               [&, length = length, stride = stride](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t row = begin; row < end; ++row) {
                   const float* source = from.data() + row_start(axes, row);
                   float* target = to.data() + row * length;
                   for (std::int64_t i = 0; i < length; ++i) target[i] = source[i * stride];
                 }
               });
}

void copy_rows(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride,
               std::int64_t length, std::int64_t count) {
  const std::int64_t grain =
      std::max<std::int64_t>(1, kElementwiseGrain / std::max<std::int64_t>(1, length));
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::copy_n(from + row * from_stride, length, to + row * to_stride);
    }
  });
}

void gather_mapped(const Tensor& from, const AxisMaps& maps, float fill, Tensor& to) {
  const MappedCopy copy(from.shape(), maps);
  parallel_for(copy.outer(), copy.grain(), [&](std::int64_t begin, std::int64_t end) {
    copy.for_each(begin, end, [&](std::int64_t source, std::int64_t mapped, std::int64_t length) {
      if (source < 0) {
        std::fill_n(to.data() + mapped, length, fill);
      } else {
        std::copy_n(from.data() + source, length, to.data() + mapped);
      }
    });
  });
}

void scatter_mapped(const Tensor& from, const AxisMaps& maps, Tensor& to) {
  const MappedCopy copy(to.shape(), maps);
  parallel_for(copy.outer(), copy.grain(), [&](std::int64_t begin, std::int64_t end) {
    std::fill(to.data() + begin * copy.source_block(), to.data() + end * copy.source_block(), 0.0F);
    copy.for_each(begin, end, [&](std::int64_t source, std::int64_t mapped, std::int64_t length) {
      if (source < 0) return;
      for (std::int64_t i = 0; i < length; ++i) to.data()[source + i] += from.data()[mapped + i];
    });
  });
}

}  // namespace mantissa
