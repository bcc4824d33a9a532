#include "report/json_text.h"

#include <algorithm>

namespace mantissa {
namespace {

using Json = nlohmann::ordered_json;

bool holds_scalars_only(const Json& value) {
  return std::none_of(value.begin(), value.end(),
                      [](const Json& item) { return item.is_structured(); });
}

void start_line(std::string& text, std::size_t depth) {
  text += '\n';
  text.append(depth, ' ');
}

void append(std::string& text, const Json& value, std::size_t depth) {
  if (!value.is_structured() || value.empty()) {
    text += value.dump();
    return;
  }
  const bool one_line = holds_scalars_only(value);
  bool first = true;
  text += value.is_object() ? '{' : '[';
  for (const auto& [key, item] : value.items()) {
    if (!first) text += one_line ? ", " : ",";
    first = false;
    if (!one_line) start_line(text, depth + 1);
    if (value.is_object()) text += Json(key).dump() + ": ";
    append(text, item, depth + 1);
  }
  if (!one_line) start_line(text, depth);
  text += value.is_object() ? '}' : ']';
}

}  // namespace

std::string readable_json(const Json& value) {
  std::string text;
  append(text, value, 0);
  text += '\n';
  return text;
}

std::string script_safe_json(const Json& value) {
  // With ensure_ascii the separators U+2028 and U+2029, which older JavaScript takes for line ends,
  // are escaped already. '<' and '>' occur in strings only, where \u003c means the same.
  const std::string plain = value.dump(-1, ' ', true);
  std::string safe;
  safe.reserve(plain.size());
  for (const char letter : plain) {
    switch (letter) {
      case '<':
        safe += "\\u003c";
        break;
      case '>':
        safe += "\\u003e";
        break;
      case '&':
        safe += "\\u0026";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

}  // namespace mantissa
