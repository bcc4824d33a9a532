#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "command.h"
#include "support/files.h"
#include "support/temporary_folder.h"

namespace mantissa {
namespace {

using test::CommandResult;
using test::run_mantissa;

/// Runs the small search in `folder` and returns the folder of its results.
std::filesystem::path small_results(const TemporaryFolder& folder) {
  const std::string scenario = folder.write("small.json", test::small_scenario()).string();
  std::filesystem::path output = folder.path() / "out";
  const CommandResult result =
      run_mantissa({"explore", scenario, "--output", output.string(), "--csv"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return output;
}

TEST_CASE("what explore writes is valid by the published schema") {
  const TemporaryFolder folder;
  const auto schema_file =
      std::filesystem::path(MANTISSA_SOURCE_DIR) / "scenarios" / "schema" / "pareto.schema.json";
  const auto schema_text = nlohmann::json::parse(read_file(schema_file));
  const auto front = nlohmann::json::parse(read_file(small_results(folder) / "pareto.json"));
  valijson::Schema schema;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_text), schema);
  valijson::ValidationResults complaints;
  valijson::Validator().validate(schema, valijson::adapters::NlohmannJsonAdapter(front),
                                 &complaints);
  for (const auto& complaint : complaints) {
    std::string place;
    for (const std::string& part : complaint.context) place += part;
    FAIL_CHECK(place << ": " << complaint.description);
  }
  CHECK(front.at("points").size() > 0);
}

TEST_CASE("report makes of pareto.json what explore made beside it") {
  const TemporaryFolder folder;
  const std::filesystem::path results = small_results(folder);
  const std::string front = (results / "pareto.json").string();
  const std::filesystem::path page = folder.path() / "again.html";
  const std::filesystem::path csv = folder.path() / "again.csv";
  const CommandResult result =
      run_mantissa({"report", front, "-o", page.string(), "--csv", csv.string()});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(result.out == page.string() + "\n" + csv.string() + "\n");
  CHECK((read_file(page) == read_file(results / "report.html")));
  CHECK((read_file(csv) == read_file(results / "pareto.csv")));

  const CommandResult table = run_mantissa({"report", front, "--table"});
  CHECK(table.exit_code == 0);
  const std::string text = read_file(csv);
  const auto points = std::count(text.begin(), text.end(), '\n') - 1;
  const auto lines = std::count(table.out.begin(), table.out.end(), '\n');
  CHECK(lines > points + 3);
  CHECK(table.out.find("fp32") != std::string::npos);
}

TEST_CASE("report without options writes report.html beside the front") {
  const TemporaryFolder folder;
  const std::filesystem::path results = small_results(folder);
  std::filesystem::remove(results / "report.html");
  CHECK(run_mantissa({"report", (results / "pareto.json").string()}).exit_code == 0);
  CHECK(std::filesystem::exists(results / "report.html"));
}

TEST_CASE(
    "a front cut short and a page that cannot be written are refused, and nothing is left behind") {
  const TemporaryFolder folder;
  const std::filesystem::path results = small_results(folder);
  const std::string whole = read_file(results / "pareto.json");
  const std::string torn = folder.write("torn.json", whole.substr(0, whole.size() / 2)).string();
  const std::filesystem::path page = folder.path() / "torn.html";
  const CommandResult result = run_mantissa({"report", torn, "-o", page.string()});
  CHECK(result.exit_code == 2);
  CHECK(result.err.find("is not valid JSON") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(page));
  CHECK(run_mantissa({"report", (results / "pareto.json").string(), "-o", folder.path().string()})
            .exit_code == 2);
}

}  // namespace
}  // namespace mantissa
