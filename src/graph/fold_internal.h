#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ops/operator.h"

namespace mantissa::folding {

using Inputs = std::span<const Constant* const>;

/// One operator on constants; nullopt where it does not apply to these element types.
using Function = std::optional<Constant> (*)(const NodeSpec& node, Inputs inputs);

struct Entry {
  std::string_view op_type;
  Function function;
};

/// Operators that move elements: Reshape, Slice, Gather, Concat ...
std::span<const Entry> movement();
/// Operators that compute: Add, Cast, Range ...
std::span<const Entry> arithmetic();

/// Input `index`, which must be there.
const Constant& required(Inputs inputs, std::size_t index);
/// nullptr if input `index` is absent.
const Constant* optional_input(Inputs inputs, std::size_t index);
/// The elements of an integer constant. Throws if it holds real numbers.
const std::vector<std::int64_t>& integers(const Constant& constant);

const Shape& shape_of(const Constant& constant);

/// The number of elements of a result of this shape. Throws if an extent is negative or the result
/// would be larger than both `allowed` and a few million elements: shapes are small, and a small
/// file must not ask for much memory.
std::size_t checked_elements(const Shape& shape, std::int64_t allowed);

/// The array of `shape` whose element i is element `source[i]` of `constant`.
Constant select(const Constant& constant, Shape shape, const std::vector<std::int64_t>& source);

/// The same elements in another shape.
Constant reshaped(const Constant& constant, Shape shape);

}  // namespace mantissa::folding
