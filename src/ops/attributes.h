#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

namespace mantissa {

/// A constant of integer type: shapes, axes, pads.
struct IntegerTensor {
  Shape shape;
  std::vector<std::int64_t> values;
};

/// A value known when the network is loaded.
using Constant = std::variant<std::shared_ptr<const Tensor>, IntegerTensor>;

/// The attributes of a node, by ONNX's names.
class Attributes {
 public:
  using Value = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                             std::vector<float>, std::vector<std::string>, Constant>;

  void set(std::string name, Value value) {
    values_.insert_or_assign(std::move(name), std::move(value));
  }
  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  const std::map<std::string, Value, std::less<>>& all() const { return values_; }

  /// Each returns the attribute or `fallback` if it is absent, and throws Error if it has another
  /// type.
  std::int64_t integer(std::string_view name, std::int64_t fallback) const;
  float real(std::string_view name, float fallback) const;
  std::string text(std::string_view name, std::string_view fallback) const;
  std::vector<std::int64_t> integers(std::string_view name,
                                     std::vector<std::int64_t> fallback) const;
  std::vector<float> reals(std::string_view name, std::vector<float> fallback) const;
  const Constant* constant(std::string_view name) const;  ///< nullptr if absent

 private:
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace mantissa
