#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace mantissa {

/// A place in a JSON document that knows its JSON pointer, so that a missing member or a value of
/// another type is reported as `pareto.json#/points/3/metrics: ...`. The document must outlive it.
class JsonCursor {
 public:
  using Json = nlohmann::ordered_json;

  JsonCursor(const Json& value, std::string_view source) : value_(&value), source_(source) {}

  const Json& value() const { return *value_; }
  std::string where() const { return source_ + "#" + pointer_; }

  /// The member of an object. Throws Error if this is no object or has no such member.
  JsonCursor at(std::string_view key) const;

  /// The elements of an array, or the members of an object with their keys.
  std::vector<JsonCursor> items() const;
  std::vector<std::pair<std::string, JsonCursor>> members() const;

  std::string text() const;
  std::int64_t integer() const;
  double number() const;  ///< null is NaN
  bool boolean() const;
  std::vector<std::string> texts() const;
  std::vector<std::int64_t> integers() const;
  std::vector<double> numbers() const;

  /// The same, of a length that something else in the document demands.
  std::vector<double> numbers(std::size_t length) const;

  [[noreturn]] void refuse(const std::string& what) const;

 private:
  JsonCursor child(const Json& value, std::string_view token) const;
  void expect(bool is_right, std::string_view kind) const;

  const Json* value_;
  std::string source_;
  std::string pointer_;
};

}  // namespace mantissa
