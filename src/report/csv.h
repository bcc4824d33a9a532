#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "report/front_document.h"

namespace mantissa {

/// The points of the front as a table for other programs (RFC 4180, but lines end in \n), one row a
/// point.
///
/// Columns: `id`, `evaluation`, the objectives by name, `validation_accuracy`, `test_accuracy`, the
/// totals of the cost that are no objective, `vector`, and `layer.role` for every entry of the
/// assignment. Numbers are the shortest decimals that read back to the same value; an unmeasured
/// one is an empty field.
std::string front_csv(const FrontDocument& document);

/// Writes it atomically.
void write_csv(const std::filesystem::path& path, const FrontDocument& document);

/// A field with quotes around it if it needs them: a comma, a quote or a line end within.
std::string csv_field(std::string_view text);

}  // namespace mantissa
