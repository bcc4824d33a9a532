#pragma once

#include <string>

#include "ops/operator.h"

namespace mantissa::conformance {

/// Empty if the two agree in shape and within ONNX's tolerance; else what differs. Integers compare
/// by value.
std::string difference(const Constant& actual, const Constant& expected);

}  // namespace mantissa::conformance
