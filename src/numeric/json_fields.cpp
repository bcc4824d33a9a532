#include "numeric/json_fields.h"

#include <algorithm>

#include "support/error.h"

namespace mantissa {
namespace {

[[noreturn]] void refuse_type(const nlohmann::json& value, std::string_view key,
                              std::string_view wanted, std::string_view where) {
  throw Error(json_place(where, key),
              "expected " + std::string(wanted) + ", found " + std::string(value.type_name()));
}

}  // namespace

int json_int(const nlohmann::json& object, std::string_view key, int fallback,
             std::string_view where) {
  const auto found = object.find(key);
  if (found == object.end()) return fallback;
  if (!found->is_number_integer()) refuse_type(*found, key, "an integer", where);
  constexpr std::int64_t kBound = 1'000'000;  // keeps arithmetic on any field far from overflow
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t{kBound})
    return kBound;
  return static_cast<int>(std::clamp(found->get<std::int64_t>(), -kBound, kBound));
}

bool json_bool(const nlohmann::json& object, std::string_view key, bool fallback,
               std::string_view where) {
  const auto found = object.find(key);
  if (found == object.end()) return fallback;
  if (!found->is_boolean()) refuse_type(*found, key, "true or false", where);
  return found->get<bool>();
}

std::string json_string(const nlohmann::json& object, std::string_view key,
                        std::string_view fallback, std::string_view where) {
  const auto found = object.find(key);
  if (found == object.end()) return std::string(fallback);
  if (!found->is_string()) refuse_type(*found, key, "a string", where);
  return found->get<std::string>();
}

void require_key(const nlohmann::json& object, std::string_view key, std::string_view where) {
  if (!object.contains(key)) throw Error(where, "the key \"" + std::string(key) + "\" is missing");
}

}  // namespace mantissa
