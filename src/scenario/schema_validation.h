#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace mantissa {

/// Checks `document` against a JSON Schema (draft 7).
/// Throws Error `FILE#/pointer: what` for the deepest violation; an unknown key is answered with
/// the nearest known one.
void validate(const nlohmann::json& document, const nlohmann::json& schema, std::string_view file);

/// A copy of `document` in which every absent property that has a `default` in the schema is
/// written out.
nlohmann::json with_defaults(const nlohmann::json& document, const nlohmann::json& schema);

/// The part of the schema that describes the value at `pointer` ("/search/space/0"); null if there
/// is none.
nlohmann::json subschema(const nlohmann::json& schema, const nlohmann::json::json_pointer& pointer);

}  // namespace mantissa
