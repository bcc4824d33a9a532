#pragma once

#include <memory>
#include <span>

#include "ops/operator.h"

namespace mantissa {

/// An operator whose output holds the elements of input 0, in their order, under another shape.
/// Throws Error if the numbers of elements differ.
///
/// Its work is zero: in hardware it is another name for the same memory.
std::unique_ptr<Operator> make_reshaping(std::span<const InputSpec> inputs, const Shape& shape);

}  // namespace mantissa
