#include "numeric/multiplier_table.h"

#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

constexpr std::size_t kDigestDigits = 12;

/// Text without C comments.
std::string without_comments(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view here = text.substr(i, 2);
    const bool line = here == "//";
    if (!line && here != "/*") {
      plain += text[i];
      continue;
    }
    const std::size_t end = text.find(line ? "\n" : "*/", i + 2);
    if (end == std::string_view::npos) break;
    plain += ' ';
    i = line ? end : end + 1;
  }
  return plain;
}

/// The integer at the start of `text`, which is moved behind it; its C suffix (u, l) is skipped.
std::optional<std::int64_t> take_integer(std::string_view& text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const bool hexadecimal = rest.starts_with("0x") || rest.starts_with("0X");
  if (hexadecimal) rest.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, status] =
      std::from_chars(rest.data(), rest.data() + rest.size(), value, hexadecimal ? 16 : 10);
  if (status != std::errc() || rest.starts_with('-')) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  while (!rest.empty() && std::string_view("uUlL").find(rest[0]) != std::string_view::npos) {
    rest.remove_prefix(1);
  }
  text = rest;
  return negative ? -value : value;
}

/// The integers of the first C array in a text, or of all of it where there are no braces.
std::vector<std::int64_t> read_text(std::string_view bytes, const std::string& path) {
  const std::string plain = without_comments(bytes);
  std::string_view rest = plain;
  const std::size_t brace = rest.find('{');
  if (brace != std::string_view::npos) rest.remove_prefix(brace);
  std::vector<std::int64_t> values;
  int depth = 0;
  while (!rest.empty()) {
    const char next = rest[0];
    if (next == '{' || next == '}') {
      depth += next == '{' ? 1 : -1;
      if (depth <= 0) break;
      rest.remove_prefix(1);
    } else if (next == ',' || std::isspace(static_cast<unsigned char>(next)) != 0) {
      rest.remove_prefix(1);
    } else if (const std::optional<std::int64_t> value = take_integer(rest)) {
      values.push_back(*value);
    } else {
      throw Error(path,
                  "entry " + std::to_string(values.size()) + " is no integer: found \"" +
                      std::string(rest.substr(0, rest.find_first_of(" \t\r\n,}"))) + "\"",
                  "a file of binary entries is named .bin");
    }
  }
  if (depth != 0) throw Error(path, "ends within the braces of its array");
  return values;
}

std::int64_t little_endian(std::string_view bytes, bool is_signed) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  const int unused = 64 - 8 * static_cast<int>(bytes.size());
  if (!is_signed) return static_cast<std::int64_t>(value);
  return static_cast<std::int64_t>(value << unused) >> unused;
}

std::vector<std::int64_t> read_binary(std::string_view bytes, const std::string& path,
                                      std::size_t count, bool is_signed) {
  for (const std::size_t width : {1U, 2U, 4U}) {
    if (bytes.size() != count * width) continue;
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(little_endian(bytes.substr(i * width, width), is_signed));
    }
    return values;
  }
  throw Error(path,
              "has " + std::to_string(bytes.size()) + " bytes, but a table of these operands has " +
                  std::to_string(count) + " entries of 1, 2 or 4 bytes",
              "check the operands' formats");
}

std::string digest_of(const std::vector<std::int32_t>& entries) {
  std::string bytes;
  for (const std::int32_t entry : entries) {
    const auto word = static_cast<std::uint32_t>(entry);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>((word >> shift) & 0xFFU);
    }
  }
  return sha256_hex(bytes).substr(0, kDigestDigits);
}

}  // namespace

MultiplierTable::MultiplierTable(std::string_view path, TableIndex index, int left_bits,
                                 int right_bits, bool is_signed)
    : path_(path), index_(index), left_bits_(left_bits), right_bits_(right_bits) {
  const std::string bytes = read_file(path_);
  const std::size_t count = std::size_t{1} << (left_bits + right_bits);
  const std::vector<std::int64_t> values = path.ends_with(".bin")
                                               ? read_binary(bytes, path_, count, is_signed)
                                               : read_text(bytes, path_);
  if (values.size() != count) {
    throw Error(path_,
                "has " + std::to_string(values.size()) +
                    " entries, but a table of these operands "
                    "has 2^" +
                    std::to_string(left_bits) + " rows of 2^" + std::to_string(right_bits) + ", " +
                    std::to_string(count) + " entries",
                "check the operands' formats");
  }
  for (const std::int64_t value : values) {
    if (value < std::numeric_limits<std::int32_t>::min() ||
        value > std::numeric_limits<std::int32_t>::max()) {
      throw Error(path_, "entry " + std::to_string(entries_.size()) + " is " +
                             std::to_string(value) + ", which has more than 32 bits");
    }
    if (value < 0 && !is_signed) {
      throw Error(path_,
                  "entry " + std::to_string(entries_.size()) + " is " + std::to_string(value) +
                      ", but products of magnitudes are not negative",
                  "signed tables need fixed-point operands");
    }
    entries_.push_back(static_cast<std::int32_t>(value));
  }
  digest_ = digest_of(entries_);
}

}  // namespace mantissa
