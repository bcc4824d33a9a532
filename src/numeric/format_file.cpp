#include "numeric/format_file.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "numeric/json_fields.h"
#include "numeric/mac.h"
#include "support/error.h"
#include "support/files.h"

namespace fs = std::filesystem;

namespace mantissa {
namespace {

fs::path format_directory() {
  return data_directory() / "formats";
}

}  // namespace

FormatFile read_format_file(const fs::path& path) {
  const std::string where = path.string();
  nlohmann::json object = parse_json(read_file(path), where);
  if (!object.is_object())
    throw Error(where, "expected an object, found " + std::string(object.type_name()));
  FormatFile file;
  file.name = json_string(object, "name", path.stem().string(), where);
  file.source = json_string(object, "source", "", where);
  file.summary = json_string(object, "summary", "", where);
  for (const char* key : {"name", "source", "summary"}) object.erase(key);
  if (object.contains("rounding")) {
    throw Error(json_place(where, "rounding"), "a file holds a format without a rounding",
                "write that behind the format's name: \"" + file.name + "/sr\"");
  }
  file.quantization = quantization_from_json(object, where);
  return file;
}

std::optional<FormatFile> find_format_file(std::string_view text) {
  constexpr std::string_view kExtension = ".json";
  const bool is_path =
      text.size() > kExtension.size() && text.substr(text.size() - kExtension.size()) == kExtension;
  if (is_path) return read_format_file(text);
  const std::vector<std::string> names = format_file_names();
  if (!std::binary_search(names.begin(), names.end(), text)) return std::nullopt;
  return read_format_file(format_directory() / (std::string(text) + std::string(kExtension)));
}

std::vector<std::string> format_file_names() {
  std::vector<std::string> names;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(format_directory(), status)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace mantissa
