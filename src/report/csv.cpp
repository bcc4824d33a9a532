#include "report/csv.h"

#include <array>
#include <cmath>

#include "support/error.h"
#include "support/files.h"
#include "support/text.h"

namespace mantissa {
namespace {

std::string number_field(double value) {
  return std::isfinite(value) ? shortest_decimal(value) : "";
}

std::string row(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (!line.empty()) line += ',';
    line += csv_field(field);
  }
  line += '\n';
  return line;
}

struct Total {
  const char* name;
  double CostRecord::*value;
};
constexpr std::array<Total, 4> kTotals = {{{"energy_pj", &CostRecord::energy_pj},
                                           {"latency_cycles", &CostRecord::latency_cycles},
                                           {"latency_seconds", &CostRecord::latency_seconds},
                                           {"area_mm2", &CostRecord::area_mm2}}};

/// The totals of the cost that no objective has the name of.
std::vector<Total> other_totals(const FrontDocument& document) {
  std::vector<Total> totals;
  for (const Total& total : kTotals) {
    bool is_objective = false;
    for (const ObjectiveFacts& objective : document.objectives) {
      is_objective = is_objective || objective.name == total.name;
    }
    if (!is_objective) totals.push_back(total);
  }
  return totals;
}

std::vector<std::string> header(const FrontDocument& document, const AssignmentRecord& shape) {
  std::vector<std::string> names = {"id", "evaluation"};
  for (const ObjectiveFacts& objective : document.objectives) names.push_back(objective.name);
  names.insert(names.end(), {"validation_accuracy", "test_accuracy"});
  for (const Total& total : other_totals(document)) names.emplace_back(total.name);
  names.emplace_back("vector");
  for (const auto& [layer, roles] : shape.layers) {
    for (const auto& [role, spelling] : roles) names.emplace_back(layer).append(".").append(role);
  }
  return names;
}

std::vector<std::string> fields_of(const FrontDocument& document, const PointRecord& point) {
  std::vector<std::string> fields = {point.id, point.evaluation};
  for (const double value : point.objectives) fields.push_back(number_field(value));
  fields.push_back(number_field(point.metrics.validation_accuracy));
  fields.push_back(number_field(point.metrics.test_accuracy));
  for (const Total& total : other_totals(document))
    fields.push_back(number_field(point.cost.*total.value));
  fields.push_back(point.assignment.vector);
  for (const auto& [layer, roles] : point.assignment.layers) {
    for (const auto& [role, spelling] : roles) fields.push_back(spelling);
  }
  return fields;
}

}  // namespace

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char letter : text) {
    if (letter == '"') field += '"';
    field += letter;
  }
  field += '"';
  return field;
}

std::string front_csv(const FrontDocument& document) {
  const AssignmentRecord shape =
      document.points.empty() ? AssignmentRecord{} : document.points[0].assignment;
  const std::vector<std::string> names = header(document, shape);
  std::string text = row(names);
  for (const PointRecord& point : document.points) {
    const std::vector<std::string> fields = fields_of(document, point);
    if (fields.size() != names.size()) {
      throw Error("point " + point.id,
                  "assigns other layers or roles than point " + document.points[0].id);
    }
    text += row(fields);
  }
  return text;
}

void write_csv(const std::filesystem::path& path, const FrontDocument& document) {
  write_file_atomically(path, front_csv(document));
}

}  // namespace mantissa
