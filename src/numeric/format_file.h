#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "numeric/quantize.h"

namespace mantissa {

/// A format kept in a JSON file: `{"name": ..., "family": ..., the family's own fields, "scale":
/// ..., "source": ..., "summary": ...}`. Name (by default that of the file), scale, source and
/// summary may be left out; with a scale the family and its fields are those of the elements.
struct FormatFile {
  std::string name;
  std::string summary;
  std::string source;         ///< the publication or standard that defines it
  Quantization quantization;  ///< without a rounding of its own: rne
};

/// Throws Error naming the file and, for a wrong or unknown key, its JSON pointer.
FormatFile read_format_file(const std::filesystem::path& path);

/// The file at the path `text`, if that ends in `.json`; else the shipped file of that name; else
/// nothing.
std::optional<FormatFile> find_format_file(std::string_view text);

}  // namespace mantissa
