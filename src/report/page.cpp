#include "report/page.h"

#include <stdexcept>

#include "report/json_text.h"
#include "report/page_assets.h"
#include "support/files.h"

namespace mantissa {

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string fill_template(std::string_view text,
                          const std::map<std::string, std::string_view>& values) {
  std::string filled;
  while (true) {
    const std::size_t open = text.find("{{");
    const std::size_t close = text.find("}}", open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    const std::string name(text.substr(open + 2, close - open - 2));
    const auto value = values.find(name);
    if (value == values.end())
      throw std::logic_error("the page's template names no value \"" + name + "\"");
    filled += text.substr(0, open);
    filled += value->second;
    text.remove_prefix(close + 2);
  }
  filled += text;
  return filled;
}

std::string render_page(const FrontDocument& document) {
  const std::string title = html_escaped(document.name);
  const std::string data = script_safe_json(to_json(document));
  return fill_template(page_assets::kHtml, {{"title", title},
                                            {"style", page_assets::kStyle},
                                            {"charting", page_assets::kCharting},
                                            {"data", data},
                                            {"script", page_assets::kScript}});
}

void write_report(const std::filesystem::path& path, const FrontDocument& document) {
  write_file_atomically(path, render_page(document));
}

bool page_has_charts() {
  return !page_assets::kCharting.empty();
}

}  // namespace mantissa
