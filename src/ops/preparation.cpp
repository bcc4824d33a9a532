#include "ops/preparation.h"

#include <algorithm>
#include <string>

#include "support/error.h"

namespace mantissa {
namespace {

std::string named(std::size_t index, std::string_view name) {
  return "input " + std::to_string(index) + " ('" + std::string(name) + "')";
}

/// The constant of input `index`; nullptr if the input is absent.
const Constant* fixed_input(std::span<const InputSpec> inputs, std::size_t index,
                            std::string_view name) {
  if (index >= inputs.size() || !inputs[index].present) return nullptr;
  if (inputs[index].constant == nullptr) {
    throw Error("", named(index, name) + " is computed at run time",
                "only a value that the model fixes is supported");
  }
  return inputs[index].constant;
}

}  // namespace

void require_inputs(std::span<const InputSpec> inputs, std::size_t least, std::size_t most) {
  for (std::size_t index = 0; index < least; ++index) {
    if (index >= inputs.size() || !inputs[index].present) {
      throw Error("", "input " + std::to_string(index) + " is missing");
    }
  }
  for (std::size_t index = most; index < inputs.size(); ++index) {
    if (inputs[index].present) {
      throw Error("", "input " + std::to_string(index) + " is not expected: at most " +
                          std::to_string(most) + " inputs in this opset");
    }
  }
}

std::optional<std::vector<std::int64_t>> constant_integers(std::span<const InputSpec> inputs,
                                                           std::size_t index,
                                                           std::string_view name) {
  const Constant* constant = fixed_input(inputs, index, name);
  if (constant == nullptr) return std::nullopt;
  const auto* integers = std::get_if<IntegerTensor>(constant);
  if (integers == nullptr) throw Error("", named(index, name) + " must hold integers");
  return integers->values;
}

std::optional<std::vector<std::int64_t>> axes_of(const NodeSpec& node,
                                                 std::span<const InputSpec> inputs) {
  if (node.opset >= 13) {
    require_inputs(inputs, 1, 2);
    return constant_integers(inputs, 1, "axes");
  }
  require_inputs(inputs, 1, 1);
  if (!node.attributes.has("axes")) return std::nullopt;
  return node.attributes.integers("axes", {});
}

std::optional<float> constant_real(std::span<const InputSpec> inputs, std::size_t index,
                                   std::string_view name) {
  const Constant* constant = fixed_input(inputs, index, name);
  if (constant == nullptr) return std::nullopt;
  const auto* tensor = std::get_if<std::shared_ptr<const Tensor>>(constant);
  if (tensor == nullptr) throw Error("", named(index, name) + " must hold real numbers");
  if ((*tensor)->size() != 1) {
    throw Error("", named(index, name) + " must hold one number; its shape is " +
                        (*tensor)->shape().text());
  }
  return (*tensor)->values()[0];
}

std::shared_ptr<const Tensor> constant_tensor(const InputSpec& input) {
  if (input.constant == nullptr) return nullptr;
  const auto* tensor = std::get_if<std::shared_ptr<const Tensor>>(input.constant);
  if (tensor == nullptr) {
    throw Error("", "integers of shape " + input.shape.text() + " where real numbers belong");
  }
  return *tensor;
}

std::vector<std::size_t> normalized_axes(std::span<const std::int64_t> axes, std::size_t rank) {
  std::vector<std::size_t> normalized;
  for (const std::int64_t axis : axes) normalized.push_back(normalized_axis(axis, rank));
  std::sort(normalized.begin(), normalized.end());
  const auto twice = std::adjacent_find(normalized.begin(), normalized.end());
  if (twice != normalized.end()) {
    throw Error("", "axis " + std::to_string(*twice) + " is named twice");
  }
  return normalized;
}

}  // namespace mantissa
