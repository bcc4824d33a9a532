#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "graph/fold_internal.h"
#include "support/error.h"

namespace mantissa::folding {
namespace {

// TensorProto.DataType of the types that a cast may name.
constexpr std::int64_t kFloat = 1;
constexpr std::int64_t kInt32 = 6;
constexpr std::int64_t kInt64 = 7;
constexpr std::int64_t kBool = 9;
constexpr std::int64_t kDouble = 11;

const std::shared_ptr<const Tensor>* real(const Constant& constant) {
  return std::get_if<std::shared_ptr<const Tensor>>(&constant);
}

/// For each element of the broadcast of two shapes, the index in `shape`.
std::vector<std::size_t> broadcast_source(const Shape& shape, const Shape& result,
                                          std::size_t count) {
  std::vector<std::size_t> source(count);
  for (std::size_t index = 0; index < count; ++index) {
    std::size_t rest = index;
    std::size_t at = 0;
    std::size_t stride = 1;
    for (std::size_t from_end = 1; from_end <= shape.rank(); ++from_end) {
      const auto extent = static_cast<std::size_t>(result[result.rank() - from_end]);
      const auto own = static_cast<std::size_t>(shape[shape.rank() - from_end]);
      if (own != 1) at += (rest % extent) * stride;
      rest /= extent;
      stride *= own;
    }
    source[index] = at;
  }
  return source;
}

/// Applies one of two functions to two arrays, by element type; real and integer arrays do not mix.
template <typename Integer, typename Real>
std::optional<Constant> binary(Inputs inputs, Integer on_integers, Real on_reals) {
  const Constant& a = required(inputs, 0);
  const Constant& b = required(inputs, 1);
  const Shape shape = broadcast_shape(shape_of(a), shape_of(b));
  const std::size_t count =
      checked_elements(shape, std::max(shape_of(a).elements(), shape_of(b).elements()));
  const std::vector<std::size_t> from_a = broadcast_source(shape_of(a), shape, count);
  const std::vector<std::size_t> from_b = broadcast_source(shape_of(b), shape, count);
  if (real(a) == nullptr && real(b) == nullptr) {
    const auto& values_a = integers(a);
    const auto& values_b = integers(b);
    IntegerTensor result{shape, std::vector<std::int64_t>(count)};
    for (std::size_t index = 0; index < count; ++index) {
      result.values[index] = on_integers(values_a[from_a[index]], values_b[from_b[index]]);
    }
    return result;
  }
  if (real(a) == nullptr || real(b) == nullptr) throw Error("", "its inputs differ in type");
  const auto values_a = (*real(a))->values();
  const auto values_b = (*real(b))->values();
  auto result = std::make_shared<Tensor>(shape);
  for (std::size_t index = 0; index < count; ++index) {
    result->data()[index] = on_reals(values_a[from_a[index]], values_b[from_b[index]]);
  }
  return std::shared_ptr<const Tensor>(std::move(result));
}

[[noreturn]] void refuse_overflow() {
  throw Error("", "integer overflow in a constant");
}

std::optional<Constant> add(const NodeSpec& /*node*/, Inputs inputs) {
  return binary(
      inputs,
      [](std::int64_t a, std::int64_t b) {
        if (__builtin_add_overflow(a, b, &a)) refuse_overflow();
        return a;
      },
      [](float a, float b) { return a + b; });
}

std::optional<Constant> subtract(const NodeSpec& /*node*/, Inputs inputs) {
  return binary(
      inputs,
      [](std::int64_t a, std::int64_t b) {
        if (__builtin_sub_overflow(a, b, &a)) refuse_overflow();
        return a;
      },
      [](float a, float b) { return a - b; });
}

std::optional<Constant> multiply(const NodeSpec& /*node*/, Inputs inputs) {
  return binary(
      inputs,
      [](std::int64_t a, std::int64_t b) {
        if (__builtin_mul_overflow(a, b, &a)) refuse_overflow();
        return a;
      },
      [](float a, float b) { return a * b; });
}

std::optional<Constant> divide(const NodeSpec& /*node*/, Inputs inputs) {
  return binary(
      inputs,
      [](std::int64_t a, std::int64_t b) {
        if (b == 0) throw Error("", "division of a constant by 0");
        if (b == -1 && a == std::numeric_limits<std::int64_t>::min()) refuse_overflow();
        return a / b;  // toward zero, as ONNX Runtime does
      },
      [](float a, float b) { return a / b; });
}

std::optional<Constant> equal(const NodeSpec& /*node*/, Inputs inputs) {
  if (real(required(inputs, 0)) != nullptr) return std::nullopt;
  return binary(
      inputs, [](std::int64_t a, std::int64_t b) { return std::int64_t{a == b}; },
      [](float a, float) { return a; });
}

std::optional<Constant> where(const NodeSpec& /*node*/, Inputs inputs) {
  const Constant& condition = required(inputs, 0);
  const Constant& yes = required(inputs, 1);
  const Constant& no = required(inputs, 2);
  if (real(yes) != nullptr || real(no) != nullptr) return std::nullopt;
  const Shape shape =
      broadcast_shape(broadcast_shape(shape_of(condition), shape_of(yes)), shape_of(no));
  const std::size_t count = checked_elements(shape, 0);
  const auto from_condition = broadcast_source(shape_of(condition), shape, count);
  const auto from_yes = broadcast_source(shape_of(yes), shape, count);
  const auto from_no = broadcast_source(shape_of(no), shape, count);
  IntegerTensor result{shape, std::vector<std::int64_t>(count)};
  for (std::size_t index = 0; index < count; ++index) {
    result.values[index] = integers(condition)[from_condition[index]] != 0
                               ? integers(yes)[from_yes[index]]
                               : integers(no)[from_no[index]];
  }
  return result;
}

std::int64_t truncated(float value) {
  // 2^63 is a binary32 number; NaN fails both comparisons.
  if (!(value >= -0x1p63F && value < 0x1p63F)) {
    throw Error("", "a real number that is no 64-bit integer is cast to one");
  }
  return static_cast<std::int64_t>(value);
}

std::optional<Constant> cast(const NodeSpec& node, Inputs inputs) {
  const Constant& data = required(inputs, 0);
  const std::int64_t to = node.attributes.integer("to", 0);
  const bool to_integer = to == kInt32 || to == kInt64 || to == kBool;
  if (!to_integer && to != kFloat && to != kDouble) return std::nullopt;
  const auto* reals = real(data);
  if (!to_integer) {
    if (reals != nullptr) return data;
    const auto& values = integers(data);
    return std::make_shared<const Tensor>(shape_of(data),
                                          std::vector<float>(values.begin(), values.end()));
  }
  IntegerTensor result{shape_of(data), {}};
  if (reals == nullptr) {
    result.values = integers(data);
  } else {
    for (const float value : (*reals)->values()) {
      result.values.push_back(to == kBool ? std::int64_t{value != 0} : truncated(value));
    }
  }
  for (std::int64_t& value : result.values) {
    if (to == kBool) value = value != 0 ? 1 : 0;
    if (to == kInt32 && value != static_cast<std::int32_t>(value)) refuse_overflow();
  }
  return result;
}

template <typename Real>
std::optional<Constant> unary_real(Inputs inputs, Real on_reals) {
  const auto* reals = real(required(inputs, 0));
  if (reals == nullptr) return std::nullopt;
  auto result = std::make_shared<Tensor>((*reals)->clone());
  for (float& value : result->values()) value = on_reals(value);
  return std::shared_ptr<const Tensor>(std::move(result));
}

std::optional<Constant> floor(const NodeSpec& /*node*/, Inputs inputs) {
  return unary_real(inputs, [](float value) { return std::floor(value); });
}

std::optional<Constant> ceil(const NodeSpec& /*node*/, Inputs inputs) {
  return unary_real(inputs, [](float value) { return std::ceil(value); });
}

std::optional<Constant> square_root(const NodeSpec& /*node*/, Inputs inputs) {
  return unary_real(inputs, [](float value) { return std::sqrt(value); });
}

std::optional<Constant> negative(const NodeSpec& /*node*/, Inputs inputs) {
  const auto* tensor = std::get_if<IntegerTensor>(&required(inputs, 0));
  if (tensor == nullptr) return unary_real(inputs, [](float value) { return -value; });
  IntegerTensor result = *tensor;
  for (std::int64_t& value : result.values) {
    if (__builtin_sub_overflow(std::int64_t{0}, value, &value)) refuse_overflow();
  }
  return result;
}

std::optional<Constant> constant_of_shape(const NodeSpec& node, Inputs inputs) {
  const Shape shape(integers(required(inputs, 0)));
  const std::size_t count = checked_elements(shape, 0);
  const Constant* value = node.attributes.constant("value");
  if (value == nullptr) return std::make_shared<const Tensor>(shape, 0.0F);
  if (shape_of(*value).elements() != 1) throw Error("", "its value is not one element");
  return select(*value, shape, std::vector<std::int64_t>(count, 0));
}

std::optional<Constant> range(const NodeSpec& /*node*/, Inputs inputs) {
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t index = 0; index < 3; ++index) {
    if (real(required(inputs, index)) != nullptr) return std::nullopt;
    if (shape_of(required(inputs, index)).elements() != 1) throw Error("", "it wants scalars");
    numbers[index] = integers(required(inputs, index)).front();
  }
  constexpr std::int64_t kLargest = std::int64_t{1} << 40;  // so that no sum below overflows
  for (std::int64_t& number : numbers) number = std::clamp(number, -kLargest, kLargest);
  const auto [start, limit, delta] = numbers;
  if (delta == 0) throw Error("", "its step is 0");
  const std::int64_t distance = delta > 0 ? limit - start : start - limit;
  const std::int64_t step = std::abs(delta);
  const Shape shape{distance <= 0 ? 0 : (distance - 1) / step + 1};
  IntegerTensor result{shape, std::vector<std::int64_t>(checked_elements(shape, 0))};
  for (std::size_t index = 0; index < result.values.size(); ++index) {
    const std::int64_t offset = static_cast<std::int64_t>(index) * step;
    result.values[index] = delta > 0 ? start + offset : start - offset;
  }
  return result;
}

/// Of a whole vector only: what exporters compute element counts with.
std::optional<Constant> reduce_product(const NodeSpec& node, Inputs inputs) {
  const auto* tensor = std::get_if<IntegerTensor>(&required(inputs, 0));
  if (tensor == nullptr || tensor->shape.rank() != 1) return std::nullopt;
  std::int64_t product = 1;
  for (const std::int64_t value : tensor->values) {
    if (__builtin_mul_overflow(product, value, &product)) refuse_overflow();
  }
  const bool keep = node.attributes.integer("keepdims", 1) != 0;
  return IntegerTensor{keep ? Shape{1} : Shape{}, {product}};
}

constexpr std::array<Entry, 14> kArithmetic = {{
    {"Add", add},
    {"Sub", subtract},
    {"Mul", multiply},
    {"Div", divide},
    {"Neg", negative},
    {"Floor", floor},
    {"Ceil", ceil},
    {"Sqrt", square_root},
    {"Cast", cast},
    {"Equal", equal},
    {"Where", where},
    {"ConstantOfShape", constant_of_shape},
    {"Range", range},
    {"ReduceProd", reduce_product},
}};

}  // namespace

std::span<const Entry> arithmetic() {
  return kArithmetic;
}

}  // namespace mantissa::folding
