#pragma once

#include <string>

#include "commands.h"

/// What the subcommands of `mantissa formats` share.
namespace mantissa {

/// printf's %a; a NaN without its sign, which means nothing.
std::string exact_text(double value);

/// A number as a tensor's element: rounded to binary32 from the text itself, so that it is rounded
/// once. Throws Error if it is none.
float read_number(const std::string& text);

/// `mantissa formats dot`.
void add_formats_dot(CLI::App& formats, Action& action);

}  // namespace mantissa
