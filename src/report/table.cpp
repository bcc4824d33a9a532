#include "report/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "support/text.h"

namespace mantissa {
namespace {

using Cells = std::vector<std::string>;

/// Columns on a terminal: bytes that do not continue a UTF-8 sequence.
std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

std::string fixed(double value, int decimals) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  return buffer.data();
}

std::string accuracy_text(double accuracy, double spread, int runs) {
  if (!std::isfinite(accuracy)) return "-";
  std::string text = fixed(accuracy * 100, 2);
  if (runs > 1) text += " \u00b1 " + fixed(spread * 100, 2);
  return text + " %";
}

std::string ratio_text(double value, double reference) {
  if (!std::isfinite(value) || !std::isfinite(reference) || reference == 0) return "-";
  return fixed(value / reference, 3) + "\u00d7";
}

/// "energy_pj" -> "energy": the table gives each value its unit.
std::string column_name(const ObjectiveFacts& objective) {
  return objective.name.substr(0, objective.name.find('_'));
}

bool is_fraction(const ObjectiveFacts& objective) {
  return objective.unit == "1";
}

Cells header(const std::vector<ObjectiveFacts>& objectives, bool with_reference,
             bool with_elapsed) {
  Cells cells = {"", "validation", "test"};
  for (const ObjectiveFacts& objective : objectives) {
    if (is_fraction(objective)) continue;
    cells.push_back(column_name(objective));
    if (with_reference) cells.emplace_back("relative");
  }
  if (with_elapsed) cells.emplace_back("trained in");
  return cells;
}

Cells line_of(const ComparisonRow& row, const std::vector<ObjectiveFacts>& objectives,
              const PointRecord* reference, bool with_elapsed) {
  const PointRecord& point = *row.point;
  const TrainingMetrics& metrics = point.metrics;
  Cells cells = {row.name};
  if (metrics.status == "finished") {
    cells.push_back(
        accuracy_text(metrics.validation_accuracy, metrics.validation_spread, metrics.runs));
    cells.push_back(accuracy_text(metrics.test_accuracy, metrics.test_spread, metrics.runs));
  } else {
    cells.insert(cells.end(), {metrics.status, "-"});
  }
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    if (is_fraction(objectives[i])) continue;
    cells.push_back(quantity_text(point.objectives.at(i), objectives[i].unit));
    if (reference != nullptr)
      cells.push_back(ratio_text(point.objectives[i], reference->objectives.at(i)));
  }
  if (with_elapsed) cells.push_back(quantity_text(row.elapsed_seconds, "s"));
  return cells;
}

/// First column to the left, the others to the right, two blanks between.
std::string layout(const Cells& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    const std::string blanks(widths[column] - display_width(cells[column]), ' ');
    if (column > 0) line += "  ";
    line += column == 0 ? cells[column] + blanks : blanks + cells[column];
  }
  line.erase(line.find_last_not_of(' ') + 1);
  line += '\n';
  return line;
}

}  // namespace

std::string quantity_text(double value, std::string_view unit) {
  if (!std::isfinite(value)) return "-";
  if (unit == "1") return fixed(value * 100, 2) + " %";
  if (unit == "mm^2") return fixed(value, 3) + " mm\u00b2";
  const double scale = unit == "pJ" ? 1e-12 : 1;
  const std::string symbol = unit == "pJ" ? "J" : std::string(unit);
  const std::string text = with_si_prefix(value * scale);
  const bool has_prefix =
      !text.empty() && std::isalpha(static_cast<unsigned char>(text.back())) != 0;
  // "645 k cycles", but "189 uJ": a prefix stands at a symbol, not at a word.
  const bool joined = has_prefix && symbol.size() <= 2;
  return text + (joined ? "" : " ") + symbol;
}

std::string comparison_table(const std::vector<ComparisonRow>& rows,
                             const std::vector<ObjectiveFacts>& objectives,
                             const PointRecord* reference) {
  const bool with_elapsed = std::any_of(rows.begin(), rows.end(), [](const ComparisonRow& row) {
    return std::isfinite(row.elapsed_seconds);
  });
  std::vector<Cells> lines = {header(objectives, reference != nullptr, with_elapsed)};
  for (const ComparisonRow& row : rows)
    lines.push_back(line_of(row, objectives, reference, with_elapsed));
  std::vector<std::size_t> widths(lines[0].size());
  for (const Cells& cells : lines) {
    for (std::size_t column = 0; column < cells.size(); ++column) {
      widths[column] = std::max(widths[column], display_width(cells[column]));
    }
  }
  std::size_t total = 2 * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  std::string rule;
  for (std::size_t i = 0; i < total; ++i) rule += "\u2500";
  rule += '\n';

  std::string text = layout(lines[0], widths) + rule;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].starts_group && i > 0) text += rule;
    text += layout(lines[i + 1], widths);
  }
  return text;
}

const PointRecord* find_baseline(const FrontDocument& document, std::string_view name) {
  for (const BaselineRecord& baseline : document.baselines) {
    if (baseline.name == name) return &baseline.point;
  }
  return nullptr;
}

std::string front_table(const FrontDocument& document) {
  std::vector<ComparisonRow> rows;
  for (const BaselineRecord& baseline : document.baselines) {
    rows.push_back({baseline.name, &baseline.point});
  }
  bool first = true;
  for (const PointRecord& point : document.points) {
    rows.push_back({point.id, &point});
    rows.back().starts_group = first;
    first = false;
  }
  return comparison_table(rows, document.objectives, find_baseline(document, "fp32"));
}

}  // namespace mantissa
