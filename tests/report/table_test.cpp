#include "report/table.h"

#include <cmath>

#include <doctest/doctest.h>

#include "example_document.h"
#include "support/text.h"

namespace mantissa {
namespace {

/// Three rows with round figures, so that the table can be read in the test.
FrontDocument small_document() {
  FrontDocument document = example_document();
  document.baselines.resize(1);
  document.points.resize(2);
  PointRecord& fp32 = document.baselines[0].point;
  fp32.objectives = {0.1, 4e8, 1e-3};
  fp32.metrics.validation_accuracy = 0.9;
  fp32.metrics.test_accuracy = 0.895;
  document.points[0].objectives = {0.11, 1e8, 5e-4};
  document.points[0].metrics.validation_accuracy = 0.89;
  document.points[0].metrics.test_accuracy = NAN;
  document.points[1].objectives = {0.25, 5e7, 2.5e-4};
  document.points[1].metrics.validation_accuracy = 0.75;
  document.points[1].metrics.test_accuracy = 0.74;
  return document;
}

TEST_CASE("the table of a front sets points beside the fp32 baseline") {
  CHECK(front_table(small_document()) ==
        "      validation     test   energy  relative  latency  relative\n"
        "───────────────────────────────────────────────────────────────\n"
        "fp32     90.00 %  89.50 %   400 uJ    1.000×  1.00 ms    1.000×\n"
        "───────────────────────────────────────────────────────────────\n"
        "p1       89.00 %        -   100 uJ    0.250×   500 us    0.500×\n"
        "p2       75.00 %  74.00 %  50.0 uJ    0.125×   250 us    0.250×\n");
}

TEST_CASE("without a reference there are no relative columns") {
  const FrontDocument document = small_document();
  const std::string table =
      comparison_table({{"p1", &document.points[0]}}, document.objectives, nullptr);
  CHECK(table.find("relative") == std::string::npos);
  CHECK(table.find("100 uJ") != std::string::npos);
}

TEST_CASE("several seeds show their spread, a diverged run its status, elapsed times a column") {
  FrontDocument document = small_document();
  document.points[0].metrics.runs = 3;
  document.points[0].metrics.validation_spread = 0.0042;
  document.points[1].metrics.status = "diverged";
  const std::string table =
      comparison_table({{"a", &document.points[0], 12.5}, {"b", &document.points[1]}},
                       document.objectives, &document.baselines[0].point);
  CHECK(table.find("89.00 ± 0.42 %") != std::string::npos);
  CHECK(table.find("diverged") != std::string::npos);
  CHECK(table.find("trained in") != std::string::npos);
  CHECK(table.find("12.5 s") != std::string::npos);
}

TEST_CASE("all lines of a table but the header end in one column") {
  const std::vector<std::string> lines = split(front_table(example_document()), '\n');
  const auto width = [](const std::string& line) {
    return std::count_if(line.begin(), line.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
  };
  REQUIRE(lines.size() > 10);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    INFO(lines[i]);
    CHECK(width(lines[i]) == width(lines[1]));
  }
}

TEST_CASE("quantities carry their units") {
  CHECK(quantity_text(1.886e8, "pJ") == "189 uJ");
  CHECK(quantity_text(6.45e-4, "s") == "645 us");
  CHECK(quantity_text(2, "s") == "2.00 s");
  CHECK(quantity_text(645340, "cycles") == "645 k cycles");
  CHECK(quantity_text(12, "cycles") == "12.0 cycles");
  CHECK(quantity_text(1.4964, "mm^2") == "1.496 mm²");
  CHECK(quantity_text(0.115165, "1") == "11.52 %");
  CHECK(quantity_text(NAN, "pJ") == "-");
}

}  // namespace
}  // namespace mantissa
