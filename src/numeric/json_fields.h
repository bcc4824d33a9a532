#pragma once

#include <string>
#include <string_view>

#include "support/json.h"

namespace mantissa {

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
