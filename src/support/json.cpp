#include "support/json.h"

#include <algorithm>

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

template <typename Json>
Json parsed(std::string_view text, std::string_view file) {
  try {
    return Json::parse(text);
  } catch (const typename Json::parse_error& error) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      throw Error(file, "the file is empty");
    }
    const std::size_t at = std::min(error.byte == 0 ? 0 : error.byte - 1, text.size());
    const std::string_view before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::size_t column = newline == std::string_view::npos ? at + 1 : at - newline;
    const std::string message = error.what();
    const std::size_t detail = message.find(": ");
    throw Error(std::string(file) + ":" + std::to_string(line) + ":" + std::to_string(column),
                "is not valid JSON",
                detail == std::string::npos ? message : message.substr(detail + 2));
  }
}

}  // namespace

nlohmann::json parse_json(std::string_view text, std::string_view file) {
  return parsed<nlohmann::json>(text, file);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view file) {
  return parsed<nlohmann::ordered_json>(text, file);
}

std::string json_pointer_token(std::string_view key) {
  std::string token = "/";
  for (const char letter : key) {
    if (letter == '~') {
      token += "~0";
    } else if (letter == '/') {
      token += "~1";
    } else {
      token += letter;
    }
  }
  return token;
}

std::string json_place(std::string_view where, std::string_view key) {
  std::string place(where);
  if (place.find('#') == std::string::npos) place += '#';
  return place + json_pointer_token(key);
}

void require_known_keys(const nlohmann::json& object, const std::vector<std::string>& known,
                        std::string_view where) {
  if (!object.is_object()) {
    throw Error(where, "expected an object, found " + std::string(object.type_name()));
  }
  for (const auto& item : object.items()) {
    if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
    throw Error(json_place(where, item.key()), "unknown key \"" + item.key() + "\"",
                suggestion(item.key(), known));
  }
}

}  // namespace mantissa
