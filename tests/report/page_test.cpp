#include "report/page.h"

#include <filesystem>
#include <regex>

#include <doctest/doctest.h>

#include "example_document.h"
#include "report/json_text.h"
#include "report/provenance.h"
#include "support/files.h"

namespace mantissa {
namespace {

/// What stands between the tags of the page's data element.
std::string embedded_data(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"front-data\">";
  const std::size_t start = page.find(open);
  REQUIRE(start != std::string::npos);
  const std::size_t end = page.find("</script>", start);
  return page.substr(start + open.size(), end - start - open.size());
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST_CASE("the page holds the document, whatever its texts contain") {
  FrontDocument document = example_document();
  document.name = "</script><script>alert(1)</script> & {{data}} <!-- \u2028";
  document.scenario = {{"note", "</SCRIPT> {{script}}"}};
  const std::string page = render_page(document);
  CHECK((front_text(parse_front(embedded_data(page), "page")) == front_text(document)));
  CHECK(page.find("<script>alert") == std::string::npos);
  CHECK(page.find("&lt;/script&gt;&lt;script&gt;alert(1)") != std::string::npos);
}

TEST_CASE("the page asks nothing of the network") {
  const std::string page = render_page(example_document());
  CHECK(page.find("default-src 'none'") != std::string::npos);
  const std::regex loads(
      R"re(<(script|img|link|iframe)[^>]*\b(src|href)\s*=\s*"(?!data:|#)[^"]*")re");
  const std::string head = page.substr(0, page.find("id=\"front-data\""));
  CHECK_FALSE(std::regex_search(head, loads));
  CHECK(count_of(head, "@import") == 0);
  CHECK(count_of(head, "url(") == 0);
}

TEST_CASE("a template is filled in one pass") {
  CHECK(fill_template("a {{x}} b {{y}}{{x}}", {{"x", "{{y}}"}, {"y", "2"}}) == "a {{y}} b 2{{y}}");
  CHECK(fill_template("no names", {}) == "no names");
  CHECK_THROWS_AS(fill_template("{{z}}", {}), std::logic_error);
}

TEST_CASE("JSON in a script element reads back to the same value") {
  const nlohmann::ordered_json value = {{"</script>", "<!-- & --> \u2028 \u2029 ü"}};
  const std::string text = script_safe_json(value);
  CHECK(text.find_first_of("<>&") == std::string::npos);
  CHECK(nlohmann::ordered_json::parse(text) == value);
}

TEST_CASE("provenance tells program, machine and time") {
  CHECK(this_tool().name == "mantissa");
  CHECK_FALSE(this_tool().compiler.empty());
  CHECK(this_machine(3).threads == 3);
  CHECK_FALSE(this_machine(1).os.empty());
  CHECK(std::regex_match(utc_now(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")));
}

// tests/page opens these files in a browser.
TEST_CASE("the example pages are written") {
  const std::filesystem::path folder = std::filesystem::path(MANTISSA_BINARY_DIR) / "page_test";
  FrontDocument document = example_document();
  write_report(folder / "report.html", document);
  CHECK(std::filesystem::file_size(folder / "report.html") > 100'000);

  document.status = "interrupted";
  document.name = "<b>bold</b> & \"quoted\" </script>";
  document.points.resize(1);
  document.objectives.resize(2);
  for (auto& evaluation : document.evaluations) evaluation.objectives.resize(2);
  for (auto& baseline : document.baselines) baseline.point.objectives.resize(2);
  for (auto& point : document.points) point.objectives.resize(2);
  document.hypervolume.reference_point.resize(2);
  document.points[0].assignment.layers[0].first = "<i>conv</i>/1";
  document.points[0].metrics.status = "diverged";
  document.points[0].metrics.status_reason = "loss is not finite";
  write_report(folder / "odd.html", document);

  document.points.clear();
  document.baselines.clear();
  document.evaluations.clear();
  document.hypervolume.by_generation.clear();
  write_report(folder / "empty.html", document);
}

}  // namespace
}  // namespace mantissa
