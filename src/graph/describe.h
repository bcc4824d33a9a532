#pragma once

#include <string>
#include <string_view>

#include "ops/operator.h"

namespace mantissa {

/// 'name', as errors show the names of a model.
std::string in_quotes(std::string_view name);

/// node 'conv1' (Conv, opset 13)
std::string description(const NodeSpec& node);

}  // namespace mantissa
