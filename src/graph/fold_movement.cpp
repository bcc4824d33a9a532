#include <algorithm>
#include <array>
#include <numeric>

#include "graph/fold_internal.h"
#include "support/error.h"

namespace mantissa::folding {
namespace {

/// Axes from input `index` (opset 13) or the attribute (before); nullopt if the node says nothing.
std::optional<std::vector<std::int64_t>> axes_of(const NodeSpec& node, Inputs inputs,
                                                 std::size_t index) {
  if (const Constant* axes = optional_input(inputs, index); axes != nullptr) return integers(*axes);
  if (node.attributes.has("axes")) return node.attributes.integers("axes", {});
  return std::nullopt;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.rank(), 1);
  for (std::size_t axis = shape.rank(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

/// The source index of every element of `shape`, row-major, where a step along axis a moves
/// `strides[a]` in the source.
std::vector<std::int64_t> walk(const Shape& shape, const std::vector<std::int64_t>& strides,
                               std::int64_t start, std::int64_t allowed) {
  const std::size_t count = checked_elements(shape, allowed);
  std::vector<std::int64_t> source;
  source.reserve(count);
  std::vector<std::int64_t> position(shape.rank(), 0);
  std::int64_t at = start;
  while (source.size() < count) {
    source.push_back(at);
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      at += strides[axis];
      if (++position[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
  return source;
}

std::optional<Constant> identity(const NodeSpec& /*node*/, Inputs inputs) {
  return required(inputs, 0);
}

std::optional<Constant> reshape(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const Shape& from = shape_of(data);
  std::vector<std::int64_t> to = integers(required(inputs, 1));
  const bool zero_copies = node.attributes.integer("allowzero", 0) == 0;
  const std::int64_t elements = from.elements();
  std::int64_t known = 1;
  std::size_t open = to.size();
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    if (to[axis] == 0 && zero_copies && axis < from.rank()) to[axis] = from[axis];
    if (to[axis] == -1 && open == to.size()) {
      open = axis;
    } else if (to[axis] < 0 || __builtin_mul_overflow(known, to[axis], &known)) {
      throw Error("", "it cannot be reshaped to " + Shape(to).text());
    }
  }
  if (open < to.size() && known > 0) {
    to[open] = elements / known;
    known *= to[open];
  }
  const bool settled = std::find(to.begin(), to.end(), -1) == to.end();
  if (known != elements || !settled) {
    throw Error("", from.text() + " cannot be reshaped to " + Shape(to).text());
  }
  checked_elements(Shape(to), elements);
  return reshaped(data, Shape(std::move(to)));
}

std::optional<Constant> flatten(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const Shape& shape = shape_of(data);
  const std::int64_t asked = node.attributes.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(shape.rank());
  if (asked < -rank || asked > rank)
    throw Error("", "axis " + std::to_string(asked) + " does not exist");
  const auto axis = static_cast<std::size_t>(asked < 0 ? asked + rank : asked);
  return reshaped(data, Shape{shape.elements(0, axis), shape.elements(axis, shape.rank())});
}

std::optional<Constant> squeeze(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const Shape& shape = shape_of(data);
  const auto axes = axes_of(node, inputs, 1);
  std::vector<bool> removed(shape.rank(), false);
  for (std::size_t axis = 0; axis < shape.rank() && !axes; ++axis) removed[axis] = shape[axis] == 1;
  for (const std::int64_t axis : axes.value_or(std::vector<std::int64_t>{})) {
    const std::size_t position = normalized_axis(axis, shape.rank());
    if (shape[position] != 1)
      throw Error("", "axis " + std::to_string(axis) + " has not the extent 1");
    removed[position] = true;
  }
  std::vector<std::int64_t> extents;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (!removed[axis]) extents.push_back(shape[axis]);
  }
  return reshaped(data, Shape(std::move(extents)));
}

std::optional<Constant> unsqueeze(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const auto axes = axes_of(node, inputs, 1);
  if (!axes) throw Error("", "it has no axes");
  const std::size_t rank = shape_of(data).rank() + axes->size();
  std::vector<bool> inserted(rank, false);
  for (const std::int64_t axis : *axes) {
    const std::size_t position = normalized_axis(axis, rank);
    if (inserted[position]) throw Error("", "axis " + std::to_string(axis) + " occurs twice");
    inserted[position] = true;
  }
  std::vector<std::int64_t> extents;
  std::size_t from = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    extents.push_back(inserted[axis] ? 1 : shape_of(data)[from++]);
  }
  return reshaped(data, Shape(std::move(extents)));
}

std::optional<Constant> transpose(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const Shape& shape = shape_of(data);
  std::vector<std::int64_t> order(shape.rank());
  std::iota(order.rbegin(), order.rend(), 0);
  order = node.attributes.integers("perm", order);
  std::vector<std::int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int64_t> expected(shape.rank());
  std::iota(expected.begin(), expected.end(), 0);
  if (sorted != expected) throw Error("", "perm is not a permutation of the axes");
  const std::vector<std::int64_t> from = strides_of(shape);
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> strides;
  for (const std::int64_t axis : order) {
    extents.push_back(shape[static_cast<std::size_t>(axis)]);
    strides.push_back(from[static_cast<std::size_t>(axis)]);
  }
  const Shape result(std::move(extents));
  return select(data, result, walk(result, strides, 0, shape.elements()));
}

std::optional<Constant> expand(const NodeSpec& /*node*/, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const Shape& shape = shape_of(data);
  const Shape result = broadcast_shape(shape, Shape(integers(required(inputs, 1))));
  std::vector<std::int64_t> strides(result.rank(), 0);
  const std::vector<std::int64_t> own = strides_of(shape);
  const std::size_t added = result.rank() - shape.rank();
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != 1) strides[axis + added] = own[axis];
  }
  return select(data, result, walk(result, strides, 0, shape.elements()));
}

/// Splits `shape` at `axis` into [outer, extent, inner].
struct AxisView {
  std::int64_t outer;
  std::int64_t extent;
  std::int64_t inner;
  AxisView(const Shape& shape, std::size_t axis)
      : outer(shape.elements(0, axis)),
        extent(shape[axis]),
        inner(shape.elements(axis + 1, shape.rank())) {}
};

std::optional<Constant> gather(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const Constant& indices = required(inputs, 1);
  const Shape& shape = shape_of(data);
  const std::size_t axis = normalized_axis(node.attributes.integer("axis", 0), shape.rank());
  const AxisView view(shape, axis);
  std::vector<std::int64_t> extents(shape.extents().begin(),
                                    shape.extents().begin() + static_cast<std::ptrdiff_t>(axis));
  const auto& chosen = shape_of(indices).extents();
  extents.insert(extents.end(), chosen.begin(), chosen.end());
  extents.insert(extents.end(), shape.extents().begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                 shape.extents().end());
  Shape result(std::move(extents));
  std::vector<std::int64_t> source;
  source.reserve(checked_elements(result, shape.elements()));
  for (std::int64_t outer = 0; outer < view.outer; ++outer) {
    for (const std::int64_t index : integers(indices)) {
      if (index < -view.extent || index >= view.extent) {
        throw Error("", "index " + std::to_string(index) + " is outside of " + shape.text());
      }
      const std::int64_t row = index < 0 ? index + view.extent : index;
      for (std::int64_t inner = 0; inner < view.inner; ++inner) {
        source.push_back((outer * view.extent + row) * view.inner + inner);
      }
    }
  }
  return select(data, std::move(result), source);
}

/// `axis` of a slice: first index, number of indices.
struct Range {
  std::int64_t first;
  std::int64_t count;
  Range(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t extent) {
    // ONNX clamps as NumPy does: to [0, extent] going up, to [-1, extent - 1] going down.
    const std::int64_t low = step > 0 ? 0 : -1;
    const std::int64_t high = step > 0 ? extent : extent - 1;
    const auto clamped = [&](std::int64_t index) {
      return std::clamp(index < 0 ? index + extent : index, low, high);
    };
    first = clamped(start);
    const std::int64_t last = clamped(end);
    const std::int64_t distance = step > 0 ? last - first : first - last;
    const std::int64_t stride = step > 0 ? step : -step;
    count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  }
};

std::vector<std::int64_t> slice_argument(const NodeSpec& node, Inputs inputs, std::size_t index,
                                         std::string_view name) {
  if (const Constant* constant = optional_input(inputs, index)) return integers(*constant);
  return node.attributes.integers(name, {});
}

std::optional<Constant> slice(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const Shape& shape = shape_of(data);
  const std::vector<std::int64_t> starts = slice_argument(node, inputs, 1, "starts");
  const std::vector<std::int64_t> ends = slice_argument(node, inputs, 2, "ends");
  std::vector<std::int64_t> axes = slice_argument(node, inputs, 3, "axes");
  std::vector<std::int64_t> steps = slice_argument(node, inputs, 4, "steps");
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    throw Error("", "starts, ends, axes and steps differ in length");
  }
  Shape result = shape;
  std::vector<std::int64_t> strides = strides_of(shape);
  const std::vector<std::int64_t> own = strides;
  std::vector<bool> sliced(shape.rank(), false);
  std::int64_t start = 0;
  for (std::size_t index = 0; index < starts.size(); ++index) {
    const std::size_t axis = normalized_axis(axes[index], shape.rank());
    const std::int64_t extent = shape[axis];
    if (sliced[axis]) throw Error("", "axis " + std::to_string(axis) + " occurs twice");
    sliced[axis] = true;
    // Any step beyond the extent takes the first index only, as does this one, which cannot
    // overflow.
    const std::int64_t step = std::clamp(steps[index], -extent - 1, extent + 1);
    if (step == 0) throw Error("", "a step is 0");
    const Range range(starts[index], ends[index], step, extent);
    result[axis] = range.count;
    strides[axis] = own[axis] * step;
    start += own[axis] * range.first;
  }
  return select(data, result, walk(result, strides, start, shape.elements()));
}

// A short file can name one tensor many times.
constexpr std::int64_t kMaxJoined = std::int64_t{1} << 24;

std::optional<Constant> concat(const NodeSpec& node, Inputs inputs) {
  const Shape& first = shape_of(required(inputs, 0));
  const std::size_t axis = normalized_axis(node.attributes.integer("axis", 0), first.rank());
  const bool real = !std::holds_alternative<IntegerTensor>(required(inputs, 0));
  Shape result = first;
  result[axis] = 0;
  std::int64_t elements = 0;
  for (std::size_t index = 0; index < inputs.size(); ++index) {
    const Constant& part = required(inputs, index);
    Shape shape = shape_of(part);
    if (std::holds_alternative<IntegerTensor>(part) == real || shape.rank() != first.rank()) {
      throw Error("", "its inputs differ in type or rank");
    }
    elements += shape.elements();
    result[axis] += shape[axis];
    shape[axis] = first[axis];
    if (shape != first) throw Error("", "its inputs differ outside of the axis");
  }
  checked_elements(result, kMaxJoined);
  // The inputs behind one another, and from there into their places.
  IntegerTensor integer{Shape{elements}, {}};
  auto joined = std::make_shared<Tensor>(Shape{real ? elements : 0});
  std::size_t filled = 0;
  std::vector<std::int64_t> source(static_cast<std::size_t>(elements));
  std::int64_t row = 0;
  for (const Constant* part : inputs) {
    const AxisView view(shape_of(*part), axis);
    for (std::int64_t outer = 0; outer < view.outer; ++outer) {
      for (std::int64_t at = 0; at < view.extent * view.inner; ++at) {
        source[static_cast<std::size_t>((outer * result[axis] + row) * view.inner + at)] =
            static_cast<std::int64_t>(filled) + outer * view.extent * view.inner + at;
      }
    }
    row += view.extent;
    if (real) {
      const auto values = std::get<std::shared_ptr<const Tensor>>(*part)->values();
      std::copy(values.begin(), values.end(), joined->data() + filled);
    } else {
      const auto& values = integers(*part);
      integer.values.insert(integer.values.end(), values.begin(), values.end());
    }
    filled += static_cast<std::size_t>(shape_of(*part).elements());
  }
  const Constant all = real ? Constant(std::shared_ptr<const Tensor>(joined)) : Constant(integer);
  return select(all, result, source);
}

constexpr std::array<Entry, 10> kMovement = {{
    {"Identity", identity},
    {"Reshape", reshape},
    {"Flatten", flatten},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
    {"Transpose", transpose},
    {"Expand", expand},
    {"Gather", gather},
    {"Slice", slice},
    {"Concat", concat},
}};

}  // namespace

std::span<const Entry> movement() {
  return kMovement;
}

}  // namespace mantissa::folding
