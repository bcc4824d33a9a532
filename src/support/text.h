#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mantissa {

/// The member of `candidates` with the smallest edit distance to `word`; empty if none is near
/// enough (more than a third of the longer word's letters differ) to be what was meant.
std::string nearest_word(std::string_view word, std::span<const std::string> candidates);

/// `did you mean "x"?` for the nearest candidate, or empty text if none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// What to say to an unknown word: `did_you_mean`, or `known are a, b, c` where none is near.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// True if `text` matches `pattern`, in which `*` stands for any run of characters and `?` for one.
bool matches_glob(std::string_view text, std::string_view pattern);

/// `text` between double quotes, for messages.
std::string quoted(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

/// A finite double in the fewest digits that read back to the same value; `nan`, `inf`, `-inf`
/// else.
std::string shortest_decimal(double value);

/// The C hex float of printf's `%a`: exact, and what every command that prints numbers uses.
std::string hex_float(double value);

/// Reads one decimal or C hex float, or `inf`, `-inf`, `nan`, that fills all of `text`.
/// Throws Error naming the text otherwise.
double parse_real(std::string_view text);

/// (1234567, "") -> "1.23 M", (6.6e-4, "J") -> "660 uJ": three significant digits with an SI
/// prefix, for tables that people read.
std::string with_si_prefix(double value, std::string_view unit = "");

}  // namespace mantissa
