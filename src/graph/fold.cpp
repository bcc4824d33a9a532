#include "graph/fold.h"

#include <algorithm>
#include <array>
#include <map>

#include "graph/fold_internal.h"
#include "support/error.h"

namespace mantissa {
namespace folding {

namespace {

constexpr std::int64_t kAlwaysAllowed = std::int64_t{1} << 22;

std::optional<Constant> fold_constant(const NodeSpec& node, Inputs /*inputs*/) {
  const Attributes& attributes = node.attributes;
  if (const Constant* value = attributes.constant("value"); value != nullptr) return *value;
  if (attributes.has("value_float")) {
    const float value = attributes.real("value_float", 0);
    return std::make_shared<const Tensor>(Shape{}, value);
  }
  if (attributes.has("value_floats")) {
    const std::vector<float> values = attributes.reals("value_floats", {});
    return std::make_shared<const Tensor>(Shape{static_cast<std::int64_t>(values.size())}, values);
  }
  if (attributes.has("value_int")) return IntegerTensor{{}, {attributes.integer("value_int", 0)}};
  if (attributes.has("value_ints")) {
    std::vector<std::int64_t> values = attributes.integers("value_ints", {});
    return IntegerTensor{Shape{static_cast<std::int64_t>(values.size())}, std::move(values)};
  }
  return std::nullopt;
}

std::optional<Constant> fold_shape_of_constant(const NodeSpec& node, Inputs inputs) {
  return fold_shape(node, shape_of(required(inputs, 0)));
}

constexpr std::array<Entry, 3> kShapes = {{
    {"Constant", fold_constant},
    {"Shape", fold_shape_of_constant},
    {"Size", fold_shape_of_constant},
}};

const std::map<std::string_view, Function>& functions() {
  static const std::map<std::string_view, Function> table = [] {
    std::map<std::string_view, Function> entries;
    for (const Entry& entry : kShapes) entries.emplace(entry.op_type, entry.function);
    for (const Entry& entry : movement()) entries.emplace(entry.op_type, entry.function);
    for (const Entry& entry : arithmetic()) entries.emplace(entry.op_type, entry.function);
    return entries;
  }();
  return table;
}

}  // namespace

const Constant* optional_input(Inputs inputs, std::size_t index) {
  return index < inputs.size() ? inputs[index] : nullptr;
}

const Constant& required(Inputs inputs, std::size_t index) {
  const Constant* constant = optional_input(inputs, index);
  if (constant == nullptr) throw Error("", "input " + std::to_string(index) + " is missing");
  return *constant;
}

const std::vector<std::int64_t>& integers(const Constant& constant) {
  const auto* tensor = std::get_if<IntegerTensor>(&constant);
  if (tensor == nullptr) throw Error("", "real numbers where integers belong");
  return tensor->values;
}

const Shape& shape_of(const Constant& constant) {
  if (const auto* tensor = std::get_if<IntegerTensor>(&constant)) return tensor->shape;
  return std::get<std::shared_ptr<const Tensor>>(constant)->shape();
}

std::size_t checked_elements(const Shape& shape, std::int64_t allowed) {
  const std::int64_t limit = std::max(allowed, kAlwaysAllowed);
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape.extents()) {
    if (extent < 0) throw Error("", "the negative extent in " + shape.text());
  }
  // Empty arrays are held to the same bound, so that no product of extents overflows.
  for (const std::int64_t extent : shape.extents()) {
    if (extent > limit / elements) {
      throw Error("", "a constant of shape " + shape.text() + " is too large");
    }
    elements *= std::max<std::int64_t>(extent, 1);
  }
  return static_cast<std::size_t>(shape.elements());
}

Constant select(const Constant& constant, Shape shape, const std::vector<std::int64_t>& source) {
  if (const auto* tensor = std::get_if<IntegerTensor>(&constant)) {
    IntegerTensor result{std::move(shape), {}};
    result.values.reserve(source.size());
    for (const std::int64_t index : source) {
      result.values.push_back(tensor->values[static_cast<std::size_t>(index)]);
    }
    return result;
  }
  const Tensor& tensor = *std::get<std::shared_ptr<const Tensor>>(constant);
  auto result = std::make_shared<Tensor>(std::move(shape));
  for (std::size_t index = 0; index < source.size(); ++index) {
    result->data()[index] = tensor.data()[source[index]];
  }
  return std::shared_ptr<const Tensor>(std::move(result));
}

Constant reshaped(const Constant& constant, Shape shape) {
  if (const auto* tensor = std::get_if<IntegerTensor>(&constant)) {
    return IntegerTensor{std::move(shape), tensor->values};
  }
  const auto& tensor = std::get<std::shared_ptr<const Tensor>>(constant);
  if (tensor->shape() == shape) return constant;
  Tensor result = tensor->clone();
  result.reshape(std::move(shape));
  return std::make_shared<const Tensor>(std::move(result));
}

}  // namespace folding

bool is_foldable(std::string_view op_type) {
  return folding::functions().find(op_type) != folding::functions().end();
}

std::optional<Constant> fold(const NodeSpec& node, std::span<const Constant* const> inputs) {
  const auto found = folding::functions().find(node.op_type);
  return found == folding::functions().end() ? std::nullopt : found->second(node, inputs);
}

std::optional<Constant> fold_shape(const NodeSpec& node, const Shape& shape) {
  if (node.op_type == "Size") return IntegerTensor{{}, {shape.elements()}};
  if (node.op_type != "Shape") return std::nullopt;
  // Since opset 15 a range of axes can be asked for; both ends are clamped.
  const auto rank = static_cast<std::int64_t>(shape.rank());
  const auto clamped = [rank](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const std::int64_t start = clamped(node.attributes.integer("start", 0));
  const std::int64_t end = std::max(start, clamped(node.attributes.integer("end", rank)));
  const auto& extents = shape.extents();
  return IntegerTensor{Shape{end - start}, {extents.begin() + start, extents.begin() + end}};
}

}  // namespace mantissa
