#include "event_table.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace mantissa {
namespace {

constexpr std::array<std::string_view, 5> kColumns = {"overflow", "underflow", "subnormal", "NaN",
                                                      "swamped"};
constexpr std::size_t kMostRows = 12;

struct Row {
  std::string layer;
  std::string role;
  std::string format;
  std::array<double, kColumns.size()> shares = {};  ///< by column; below 0: does not apply

  double worst() const { return *std::max_element(shares.begin(), shares.end()); }
};

double share(std::int64_t count, std::int64_t of) {
  return of == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of);
}

std::array<double, kColumns.size()> shares_of(const TensorEvents& events) {
  const std::int64_t all = events.values;
  return {share(events.overflows, all), share(events.underflows, all),
          share(events.subnormals, all), share(events.nans, all), -1};
}

std::array<double, kColumns.size()> shares_of(const SumEvents& events) {
  return {share(events.overflows, events.addends), share(events.underflows, events.products), -1,
          share(events.nans, events.sums), share(events.swamped, events.addends)};
}

std::vector<Row> rows_of(const NumericEvents& events, const Assignment& assignment) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < events.layers.size(); ++i) {
    for_each_role(events.layers[i], [&](Role role, const auto& counted) {
      Row row{assignment.layer_names[i], std::string(role_name(role)),
              spelling(assignment.layers[i], role), shares_of(counted)};
      if (row.worst() > 0) rows.push_back(std::move(row));
    });
  }
  if (Row row{"(others)", "vector", spelling(assignment.vector), shares_of(events.vector)};
      row.worst() > 0) {
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string percent(double share) {
  if (share < 0) return "";
  if (share == 0) return "-";
  return share < 0.0001 ? "< 0.01 %" : fmt::format("{:.2f} %", 100 * share);
}

}  // namespace

std::string event_table(const NumericEvents& events, const Assignment& assignment) {
  std::vector<Row> rows = rows_of(events, assignment);
  if (rows.empty()) return "";
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.worst() > b.worst(); });
  const std::size_t shown = std::min(rows.size(), kMostRows);
  std::size_t layer_width = 5;
  std::size_t format_width = 6;
  for (std::size_t i = 0; i < shown; ++i) {
    layer_width = std::max(layer_width, rows[i].layer.size());
    format_width = std::max(format_width, rows[i].format.size());
  }
  std::string table =
      fmt::format("{:{}}  {:19}  {:{}}", "layer", layer_width, "role", "format", format_width);
  for (const std::string_view column : kColumns) table += fmt::format("  {:>9}", column);
  table += '\n';
  for (std::size_t i = 0; i < shown; ++i) {
    const Row& row = rows[i];
    std::string line = fmt::format("{:{}}  {:19}  {:{}}", row.layer, layer_width, row.role,
                                   row.format, format_width);
    for (const double part : row.shares) line += fmt::format("  {:>9}", percent(part));
    line.erase(line.find_last_not_of(' ') + 1);
    table += line + '\n';
  }
  if (rows.size() > shown) {
    table += fmt::format("{} more with less\n", rows.size() - shown);
  }
  return table;
}

}  // namespace mantissa
