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

std::int64_t source_offset(const std::vector<StridedAxis>& axes, std::int64_t index) {
  std::int64_t offset = 0;
  for (std::size_t axis = axes.size(); axis-- > 0;) {
    offset += index % axes[axis].extent * axes[axis].stride;
    index /= axes[axis].extent;
  }
  return offset;
}

/// The last axis is contiguous in the source too: rows are copied.
void transpose_rows(const std::vector<StridedAxis>& axes, const float* from, float* to,
                    std::int64_t elements) {
  const std::int64_t length = axes.back().extent;
  const std::vector<StridedAxis> outer(axes.begin(), axes.end() - 1);
  const std::int64_t grain = std::max<std::int64_t>(1, kElementwiseGrain / length);
  parallel_for(elements / length, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::copy_n(from + source_offset(outer, row), length, to + row * length);
    }
  });
}

constexpr std::int64_t kTile = 16;  // a cache line of floats

/// to[i * to_stride + j] = from[j * from_stride + i] for i < rows, j < columns.
void transpose_tile(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride,
                    std::int64_t rows, std::int64_t columns) {
  if (rows == kTile && columns == kTile) {  // known extents unroll
    for (std::int64_t i = 0; i < kTile; ++i) {
      for (std::int64_t j = 0; j < kTile; ++j) to[i * to_stride + j] = from[j * from_stride + i];
    }
    return;
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) to[i * to_stride + j] = from[j * from_stride + i];
  }
}

/// Another axis, `inner`, is the one that is contiguous in the source: tiles of it and the last
/// axis are turned over.
void transpose_tiles(const std::vector<StridedAxis>& axes, std::size_t inner, const float* from,
                     float* to) {
  std::vector<StridedAxis> outer;     // where a matrix begins in the source
  std::vector<StridedAxis> outer_to;  // and in the destination
  std::int64_t to_stride = 1;
  std::int64_t inner_to_stride = 1;
  for (std::size_t axis = axes.size(); axis-- > 0; to_stride *= axes[axis].extent) {
    if (axis == inner) {
      inner_to_stride = to_stride;
    } else if (axis + 1 != axes.size()) {
      outer.insert(outer.begin(), axes[axis]);
      outer_to.insert(outer_to.begin(), {axes[axis].extent, to_stride});
    }
  }
  const StridedAxis& last = axes.back();
  const std::int64_t bands = (axes[inner].extent + kTile - 1) / kTile;
  std::int64_t matrices = 1;
  for (const StridedAxis& axis : outer) matrices *= axis.extent;
  const std::int64_t grain = std::max<std::int64_t>(1, kElementwiseGrain / (kTile * last.extent));
  parallel_for(matrices * bands, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t i = task % bands * kTile;
      const std::int64_t rows = std::min(kTile, axes[inner].extent - i);
      const float* source = from + source_offset(outer, task / bands) + i;
      float* target = to + source_offset(outer_to, task / bands) + i * inner_to_stride;
      for (std::int64_t j = 0; j < last.extent; j += kTile) {
        transpose_tile(source + j * last.stride, last.stride, target + j, inner_to_stride, rows,
                       std::min(kTile, last.extent - j));
      }
    }
  });
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
    if (maps.empty()) return;
    row_length_ = static_cast<std::int64_t>(maps.back().size());
    runs_ = runs_of(maps.back());
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
  /// Neighbours in both arrays; or, with source -1, neighbours that read nothing.
  struct Run {
    std::int64_t source;
    std::int64_t length;
  };

  static std::vector<Run> runs_of(const std::vector<std::int64_t>& map) {
    std::vector<Run> runs;
    for (const std::int64_t from : map) {
      const bool continues =
          !runs.empty() &&
          (from < 0 ? runs.back().source < 0
                    : runs.back().source >= 0 && from == runs.back().source + runs.back().length);
      if (continues) {
        ++runs.back().length;
      } else {
        runs.push_back({from, 1});
      }
    }
    return runs;
  }

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
    if (axis + 1 == maps_.size()) {
      if (base < 0) {
        body(-1, mapped, row_length_);
        mapped += row_length_;
        return;
      }
      for (const Run& run : runs_) {
        body(run.source < 0 ? -1 : base + run.source, mapped, run.length);
        mapped += run.length;
      }
      return;
    }
    const std::int64_t stride = source_.elements(axis + 1, source_.rank());
    for (const std::int64_t from : maps_[axis]) {
      visit(axis + 1, base < 0 || from < 0 ? -1 : base + from * stride, mapped, body);
    }
  }

  const Shape& source_;
  const AxisMaps& maps_;
  std::size_t outer_axes_ = 0;
  std::int64_t outer_ = 1;
  std::int64_t source_block_ = 1;
  std::int64_t mapped_block_ = 1;
  std::int64_t row_length_ = 0;  ///< of the innermost mapped axis
  std::vector<Run> runs_;        ///< that make up such a row
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
  const auto contiguous = std::find_if(axes.begin(), axes.end(),
                                       [](const StridedAxis& axis) { return axis.stride == 1; });
  const auto inner = static_cast<std::size_t>(contiguous - axes.begin());
  if (inner + 1 == axes.size()) {
    transpose_rows(axes, from.data(), to.data(), static_cast<std::int64_t>(from.size()));
  } else {
    transpose_tiles(axes, inner, from.data(), to.data());
  }
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
