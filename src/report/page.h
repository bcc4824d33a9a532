#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "report/front_document.h"

namespace mantissa {

/// The front as one self-contained HTML page that opens offline: data, style, script and charting
/// library within. Nothing of it is loaded from anywhere; a content security policy in the page
/// forbids it.
std::string render_page(const FrontDocument& document);

/// Writes `render_page(document)` atomically.
void write_report(const std::filesystem::path& path, const FrontDocument& document);

/// False if the build found no charting library: pages then show tables and say what is missing.
bool page_has_charts();

/// `text` with each `{{name}}` replaced by its value; values are not searched again.
/// Throws std::logic_error for a name without a value.
std::string fill_template(std::string_view text,
                          const std::map<std::string, std::string_view>& values);

/// Text with the five characters that HTML gives a meaning escaped.
std::string html_escaped(std::string_view text);

}  // namespace mantissa
