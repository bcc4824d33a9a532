#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ops/operator.h"

namespace mantissa {

/// Whether `fold` can compute the operator.
bool is_foldable(std::string_view op_type);

/// The output of a node all of whose inputs are known (nullptr: absent), for the operators with
/// which exporters compute shapes, axes and pads. nullopt if the operator or the element type is
/// not among them. Throws Error with empty `where` for inputs that do not fit and for results that
/// are absurdly large.
std::optional<Constant> fold(const NodeSpec& node, std::span<const Constant* const> inputs);

/// `Shape` and `Size` of a value whose elements are not known but whose shape is.
std::optional<Constant> fold_shape(const NodeSpec& node, const Shape& shape);

}  // namespace mantissa
