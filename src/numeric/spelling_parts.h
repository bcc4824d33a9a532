#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "numeric/format.h"

/// What readers of spellings have in common.
namespace mantissa::family {

/// Takes `prefix` off the front of `text`; false, and `text` as it was, if that begins otherwise.
bool take(std::string_view& text, std::string_view prefix);

/// Takes digits, with a minus sign before them if `with_sign`, off the front of `text`. What is far
/// outside of every range becomes a number with which arithmetic cannot overflow.
std::optional<int> take_number(std::string_view& text, bool with_sign = false);

/// Takes a positive number without leading zeros off the front of `text`; nullopt, and `text` as it
/// was, if there is none that an int holds.
std::optional<int> take_count(std::string_view& text);

/// The same where the number fills all of `text`.
std::optional<int> count_in(std::string_view text);

/// Throws Error: the text asks for a format that is not possible for this reason.
[[noreturn]] void refuse_impossible(std::string_view text, const std::string& reason,
                                    const std::string& nearest);

/// Throws Error: the text is nearly the spelling `nearest`.
[[noreturn]] void refuse_spelling(std::string_view text, const std::string& nearest);

/// The format with the parameters that were read from `text`. Throws Error if there is none, or if
/// the text is not its spelling nor `alternative`, another that is allowed.
Format checked_format(std::string_view text, const Format::Parameters& parameters,
                      std::string_view alternative = {});

}  // namespace mantissa::family
