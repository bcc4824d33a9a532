#include "report/csv.h"

#include <cmath>
#include <map>

#include <doctest/doctest.h>

#include "example_document.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

using Table = std::vector<std::map<std::string, std::string>>;

/// A reader of RFC 4180 that owes nothing to the writer: rows of fields.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (quoted && letter == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (letter == '"') {
      quoted = !quoted;
    } else if (!quoted && (letter == ',' || letter == '\n')) {
      row.push_back(field);
      field.clear();
      if (letter == '\n') rows.push_back(std::move(row)), row.clear();
    } else {
      field += letter;
    }
  }
  CHECK(field.empty());
  return rows;
}

Table table_of(const std::string& text) {
  const auto rows = parse_csv(text);
  Table table;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    REQUIRE(rows[r].size() == rows[0].size());
    table.emplace_back();
    for (std::size_t c = 0; c < rows[0].size(); ++c) table.back()[rows[0][c]] = rows[r][c];
  }
  return table;
}

TEST_CASE("every row of the CSV gives back its point") {
  const FrontDocument document = example_document();
  const Table table = table_of(front_csv(document));
  REQUIRE(table.size() == document.points.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const PointRecord& point = document.points[i];
    CHECK(table[i].at("id") == point.id);
    CHECK(table[i].at("evaluation") == point.evaluation);
    for (std::size_t o = 0; o < document.objectives.size(); ++o) {
      CHECK(parse_real(table[i].at(document.objectives[o].name)) == point.objectives[o]);
    }
    CHECK(parse_real(table[i].at("validation_accuracy")) == point.metrics.validation_accuracy);
    CHECK(parse_real(table[i].at("test_accuracy")) == point.metrics.test_accuracy);
    CHECK(parse_real(table[i].at("area_mm2")) == point.cost.area_mm2);
    CHECK(table[i].at("vector") == point.assignment.vector);
    for (const auto& [layer, roles] : point.assignment.layers) {
      for (const auto& [role, spelling] : roles) CHECK(table[i].at(layer + "." + role) == spelling);
    }
  }
}

TEST_CASE("names with commas, quotes and line ends survive CSV") {
  FrontDocument document = example_document();
  const std::string name = "block,1 \"main\"\nconv";
  for (PointRecord& point : document.points) point.assignment.layers[0].first = name;
  const Table table = table_of(front_csv(document));
  CHECK(table[0].at(name + ".weight") == document.points[0].assignment.layers[0].second[0].second);
  CHECK(csv_field("plain") == "plain");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("a\"b") == "\"a\"\"b\"");
}

TEST_CASE("an unmeasured value is an empty field") {
  FrontDocument document = example_document();
  document.points[0].metrics.test_accuracy = NAN;
  CHECK(table_of(front_csv(document))[0].at("test_accuracy").empty());
}

TEST_CASE("an objective that is a total of the cost has one column only") {
  const auto rows = parse_csv(front_csv(example_document()));
  CHECK(std::count(rows[0].begin(), rows[0].end(), "energy_pj") == 1);
}

TEST_CASE("an empty front is a header alone") {
  FrontDocument document = example_document();
  document.points.clear();
  CHECK(parse_csv(front_csv(document)).size() == 1);
}

TEST_CASE("points that assign different layers are refused") {
  FrontDocument document = example_document();
  document.points[1].assignment.layers.pop_back();
  CHECK_THROWS_AS(front_csv(document), Error);
}

}  // namespace
}  // namespace mantissa
