#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ops/operator.h"

namespace mantissa {

// What most operators ask of their inputs when they are prepared. Each function throws Error with
// empty `where`.

/// Checks that the first `least` inputs are present and that no input beyond `most` is.
void require_inputs(std::span<const InputSpec> inputs, std::size_t least, std::size_t most);

/// Input `index` (its ONNX name is `name`) as integers that the model fixes; nullopt if it is
/// absent. Throws if it is computed at run time, or holds no integers.
std::optional<std::vector<std::int64_t>> constant_integers(std::span<const InputSpec> inputs,
                                                           std::size_t index,
                                                           std::string_view name);

/// The `axes` of Squeeze, Unsqueeze and ReduceSum: an attribute before opset 13, input 1 since.
/// Checks the number of inputs. nullopt if none are given.
std::optional<std::vector<std::int64_t>> axes_of(const NodeSpec& node,
                                                 std::span<const InputSpec> inputs);

/// Input `index` as one real number that the model fixes; nullopt if it is absent.
std::optional<float> constant_real(std::span<const InputSpec> inputs, std::size_t index,
                                   std::string_view name);

/// The tensor of an input that the model fixes, to be kept by the operator: nothing arrives for it
/// at run time. nullptr for any other input. Throws if it holds integers.
std::shared_ptr<const Tensor> constant_tensor(const InputSpec& input);

/// Axes made non-negative for an array of `rank`, ascending. Throws if one does not exist or occurs
/// twice.
std::vector<std::size_t> normalized_axes(std::span<const std::int64_t> axes, std::size_t rank);

}  // namespace mantissa
