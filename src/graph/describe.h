#pragma once

#include <string>
#include <string_view>

#include "ops/operator.h"

namespace mantissa {

/// 'name', as errors show the names of a model.
std::string in_quotes(std::string_view name);

/// node 'conv1' (Conv, opset 13)
std::string description(const NodeSpec& node);

/// Throws Error unless every extent is at least 1 and the elements are fewer than any network that
/// fits a computer needs, far from where products of extents overflow. `what` names the value.
void require_plausible(const Shape& shape, const std::string& where, const std::string& what);

}  // namespace mantissa
