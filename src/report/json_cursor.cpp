#include "report/json_cursor.h"

#include <limits>

#include "support/error.h"
#include "support/json.h"

namespace mantissa {
void JsonCursor::refuse(const std::string& what) const {
  throw Error(where(), what);
}

void JsonCursor::expect(bool is_right, std::string_view kind) const {
  if (is_right) return;
  refuse("is " + std::string(value_->type_name()) + " where " + std::string(kind) + " belongs");
}

JsonCursor JsonCursor::child(const Json& value, std::string_view token) const {
  JsonCursor cursor(value, source_);
  cursor.pointer_ = pointer_ + json_pointer_token(token);
  return cursor;
}

JsonCursor JsonCursor::at(std::string_view key) const {
  expect(value_->is_object(), "an object");
  const auto found = value_->find(std::string(key));
  if (found == value_->end()) refuse("has no member \"" + std::string(key) + "\"");
  return child(*found, key);
}

std::vector<JsonCursor> JsonCursor::items() const {
  expect(value_->is_array(), "an array");
  std::vector<JsonCursor> list;
  list.reserve(value_->size());
  for (const Json& item : *value_) list.push_back(child(item, std::to_string(list.size())));
  return list;
}

std::vector<std::pair<std::string, JsonCursor>> JsonCursor::members() const {
  expect(value_->is_object(), "an object");
  std::vector<std::pair<std::string, JsonCursor>> list;
  for (const auto& [key, item] : value_->items()) list.emplace_back(key, child(item, key));
  return list;
}

std::string JsonCursor::text() const {
  expect(value_->is_string(), "a text");
  return value_->get<std::string>();
}

std::int64_t JsonCursor::integer() const {
  expect(value_->is_number_integer(), "an integer");
  return value_->get<std::int64_t>();
}

double JsonCursor::number() const {
  if (value_->is_null()) return std::numeric_limits<double>::quiet_NaN();
  expect(value_->is_number(), "a number");
  return value_->get<double>();
}

bool JsonCursor::boolean() const {
  expect(value_->is_boolean(), "true or false");
  return value_->get<bool>();
}

std::vector<std::string> JsonCursor::texts() const {
  std::vector<std::string> list;
  for (const JsonCursor& item : items()) list.push_back(item.text());
  return list;
}

std::vector<std::int64_t> JsonCursor::integers() const {
  std::vector<std::int64_t> list;
  for (const JsonCursor& item : items()) list.push_back(item.integer());
  return list;
}

std::vector<double> JsonCursor::numbers() const {
  std::vector<double> list;
  for (const JsonCursor& item : items()) list.push_back(item.number());
  return list;
}

std::vector<double> JsonCursor::numbers(std::size_t length) const {
  std::vector<double> list = numbers();
  if (list.size() != length) {
    refuse("has " + std::to_string(list.size()) + " values where " + std::to_string(length) +
           " belong");
  }
  return list;
}

}  // namespace mantissa
