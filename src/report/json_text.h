#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace mantissa {

/// JSON for people and for diffs: indented by one blank a level, but an array or object of scalars
/// alone stays on one line. Ends with a newline.
std::string readable_json(const nlohmann::ordered_json& value);

/// The JSON as text that can stand inside an HTML `<script>` element: no "</script", "<!--" or line
/// separator survives in it, and it reads back to the same value.
std::string script_safe_json(const nlohmann::ordered_json& value);

}  // namespace mantissa
