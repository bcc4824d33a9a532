#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace mantissa {

/// Parses JSON text. Throws Error naming `file`, line and column of the first fault.
nlohmann::json parse_json(std::string_view text, std::string_view file);

/// The same for a document whose keys keep their order.
nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view file);

/// A key or an index as a token of a JSON pointer (RFC 6901, section 3): `a/b` gives `/a~1b`.
std::string json_pointer_token(std::string_view key);

/// The place of a member of the JSON value at `where`: `a.json#/x` and `b` give `a.json#/x/b`.
std::string json_place(std::string_view where, std::string_view key);

/// Throws Error at the first key of `object` that is not in `known`, with the nearest one; and if
/// it is no object.
void require_known_keys(const nlohmann::json& object, const std::vector<std::string>& known,
                        std::string_view where);

}  // namespace mantissa
