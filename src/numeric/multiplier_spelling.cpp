#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "numeric/multiplier.h"
#include "numeric/spelling_parts.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr int kMaxTableBits = 8;

struct TableWord {
  std::string_view word;
  TableIndex index;
};
constexpr std::array<TableWord, 3> kTableWords = {{{"table", TableIndex::codes},
                                                   {"offset-table", TableIndex::offset},
                                                   {"magnitude-table", TableIndex::magnitudes}}};

std::string operand_names(const Format& left, const Format& right) {
  if (left == right) return display_name(left);
  return display_name(left) + " and " + display_name(right);
}

[[noreturn]] void unknown(std::string_view text) {
  const std::vector<std::string> known = {"exact",
                                          "truncated4",
                                          "mitchell",
                                          "drum4",
                                          "table:multiplier.bin",
                                          "offset-table:multiplier.bin",
                                          "magnitude-table:multiplier.bin"};
  std::string hint = did_you_mean(text, known);
  if (hint.empty()) {
    hint =
        "known are exact, truncated<K>, mitchell, drum<K>, table:<file>, offset-table:<file> and "
        "magnitude-table:<file>";
  }
  throw Error("", "no multiplier is called " + quoted(text), hint);
}

/// The number behind `word` if it and nothing else fills `text`.
std::optional<int> number_behind(std::string_view text, std::string_view word) {
  return family::take(text, word) ? family::count_in(text) : std::nullopt;
}

Multiplier parse_truncated(int columns, const Format& left, const Format& right) {
  const int all = operand_bits(left) + operand_bits(right) - 1;
  if (columns >= all) {
    throw Error("",
                "a multiplier of " + operand_names(left, right) + " has " + std::to_string(all) +
                    " columns of partial products, so that " + std::to_string(columns) +
                    " cannot be left out",
                all > 1 ? "the most is \"truncated" + std::to_string(all - 1) + "\""
                        : "take wider operands");
  }
  return {MultiplierKind::truncated, columns, nullptr};
}

Multiplier parse_drum(int bits, const Format& left, const Format& right) {
  const int width = std::max(operand_bits(left), operand_bits(right));
  if (bits < 2 || bits >= width) {
    throw Error("",
                "a segment of " + std::to_string(bits) + " bits is not possible where operands (" +
                    operand_names(left, right) + ") have " + std::to_string(width),
                "it has at least 2 and fewer than the operands");
  }
  return {MultiplierKind::drum, bits, nullptr};
}

void require_table_operands(TableIndex index, const Format& left, const Format& right) {
  const int bits = std::max(operand_bits(left), operand_bits(right));
  if (bits > kMaxTableBits) {
    throw Error("",
                "a table of products serves operands of up to 8 bits, but those of " +
                    operand_names(left, right) + " have " + std::to_string(bits),
                "say what the unit takes: \"operands=bf16\" or \"operands=q1.7\"");
  }
  const bool fixed = left.as_fixed() != nullptr;
  if (fixed != (right.as_fixed() != nullptr)) {
    throw Error("", "a table of products cannot have one operand in fixed point and one not");
  }
  if (!fixed && index != TableIndex::codes) {
    throw Error("",
                "tables by offset or magnitude hold products of fixed-point numbers, but the "
                "operands are " +
                    operand_names(left, right),
                "a table of significands is \"table:<file>\"");
  }
}

Multiplier parse_table(std::string_view file, TableIndex index, const Format& left,
                       const Format& right) {
  require_table_operands(index, left, right);
  const std::size_t mark = file.rfind('#');
  const std::string_view path = file.substr(0, mark);
  if (path.empty()) {
    throw Error("", "the name of the table's file is missing", "write \"table:<file>\"");
  }
  const bool is_signed = left.as_fixed() != nullptr && index != TableIndex::magnitudes;
  auto table = std::make_shared<const MultiplierTable>(path, index, operand_bits(left),
                                                       operand_bits(right), is_signed);
  const std::string_view digest =
      mark == std::string_view::npos ? std::string_view() : file.substr(mark + 1);
  if (mark != std::string_view::npos &&
      (digest.empty() || !std::string_view(table->digest()).starts_with(digest))) {
    throw Error(path,
                "holds other products than were meant: their digest is " + table->digest() +
                    ", not " + std::string(digest),
                "leave out \"#" + std::string(digest) + "\" to take the file as it is");
  }
  return {MultiplierKind::table, 0, std::move(table)};
}

}  // namespace

std::string spelling(const Multiplier& multiplier) {
  switch (multiplier.kind) {
    case MultiplierKind::exact:
      break;
    case MultiplierKind::truncated:
      return "truncated" + std::to_string(multiplier.bits);
    case MultiplierKind::mitchell:
      return "mitchell";
    case MultiplierKind::drum:
      return "drum" + std::to_string(multiplier.bits);
    case MultiplierKind::table:
      for (const TableWord& known : kTableWords) {
        if (known.index != multiplier.table->index()) continue;
        return std::string(known.word) + ":" + multiplier.table->path() + "#" +
               multiplier.table->digest();
      }
  }
  return "exact";
}

Multiplier parse_multiplier(std::string_view text, const Format& left, const Format& right) {
  if (text == "exact") return {};
  if (text == "mitchell") return {MultiplierKind::mitchell, 0, nullptr};
  if (const std::optional<int> columns = number_behind(text, "truncated")) {
    return parse_truncated(*columns, left, right);
  }
  if (const std::optional<int> bits = number_behind(text, "drum")) {
    return parse_drum(*bits, left, right);
  }
  const std::size_t colon = text.find(':');
  for (const TableWord& known : kTableWords) {
    if (colon == std::string_view::npos || text.substr(0, colon) != known.word) continue;
    return parse_table(text.substr(colon + 1), known.index, left, right);
  }
  unknown(text);
}

}  // namespace mantissa
