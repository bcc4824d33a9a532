#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace mantissa {

/// The place of a member of the JSON value at `where`: `file.json#/a` and `b` give `file.json#/a/b`
/// (RFC 6901).
std::string json_place(std::string_view where, std::string_view key);

/// Throws Error, with the nearest key, unless `object` is an object that has no other keys.
void require_known_keys(const nlohmann::json& object, std::initializer_list<std::string_view> keys,
                        std::string_view where);

/// The named member, or `fallback` where there is none. Throws Error if it has another type.
int json_int(const nlohmann::json& object, std::string_view key, int fallback,
             std::string_view where);
bool json_bool(const nlohmann::json& object, std::string_view key, bool fallback,
               std::string_view where);
std::string json_string(const nlohmann::json& object, std::string_view key,
                        std::string_view fallback, std::string_view where);

/// Throws Error unless `object` has the key.
void require_key(const nlohmann::json& object, std::string_view key, std::string_view where);

}  // namespace mantissa
