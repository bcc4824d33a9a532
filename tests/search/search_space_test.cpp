#include "search/search_space.h"

#include <doctest/doctest.h>

#include "support/error.h"
#include "training/recipes.h"

namespace mantissa {
namespace {

const std::vector<std::string> kLayers = {"conv1", "conv2", "fc1"};

SearchSpace space(const std::vector<SpaceRule>& rules) {
  return {rules, uniform_assignment(kLayers, {}), "test.json"};
}

TEST_CASE("untied rules make a site for each layer and role, tied ones for all of them") {
  const std::vector<std::string> formats = {"e4m3fn", "e8m7"};
  CHECK(space({{"*", {Role::weight, Role::error}, formats, false, false, ""}}).sites().size() == 6);
  CHECK(space({{"*", {Role::weight, Role::error}, formats, true, false, ""}}).sites().size() == 2);
  CHECK(space({{"*", {Role::weight, Role::error}, formats, false, true, ""}}).sites().size() == 3);
  CHECK(space({{"*", {Role::weight, Role::error}, formats, true, true, ""}}).sites().size() == 1);
  CHECK(space({{"conv*", {Role::weight}, formats, false, false, ""}}).sites().size() == 2);
}

TEST_CASE("a genome decodes to the choices it names, and to nothing else") {
  const SearchSpace both =
      space({{"conv*", {Role::weight}, {"e4m3fn", "e8m7"}, false, false, ""},
             {"fc1", {Role::mac_forward}, {"e5m10/chunk64", "e8m23"}, false, false, ""}});
  REQUIRE(both.sites().size() == 3);
  CHECK(both.sites()[0].name == "conv1.weight");
  CHECK(both.sites()[2].name == "fc1.mac.forward");
  const Assignment assignment = both.decode({0, 1, 0});
  CHECK(spelling(assignment.layers[0], Role::weight) == "e4m3fn");
  CHECK(spelling(assignment.layers[1], Role::weight) == "e8m7");
  CHECK(spelling(assignment.layers[2], Role::weight) == "e8m23");
  CHECK(spelling(assignment.layers[2], Role::mac_forward) == "e5m10/chunk64");
  CHECK(spelling(assignment.layers[0], Role::error) == "e8m23");
}

TEST_CASE("a later rule takes a place from an earlier one, and one format pins it") {
  const SearchSpace pinned = space({{"*", {Role::weight}, {"e4m3fn", "e8m7"}, false, false, ""},
                                    {"conv1", {Role::weight}, {"e8m23"}, false, false, ""}});
  CHECK(pinned.sites().size() == 2);
  CHECK(spelling(pinned.decode({0, 0}).layers[0], Role::weight) == "e8m23");
}

TEST_CASE("a glob that matches no layer, and a space without decisions, are refused") {
  CHECK_THROWS_WITH_AS(
      space({{"conv9", {Role::weight}, {"e4m3fn", "e8m7"}, false, false, "/search/space/0"}}),
      "test.json#/search/space/0/layers: \"conv9\" matches no layer; the layers are conv1, conv2, "
      "fc1",
      Error);
  CHECK_THROWS_AS(space({}), Error);
  CHECK_THROWS_AS(space({{"*", {Role::weight}, {"e8m7"}, false, false, ""}}), Error);
}

TEST_CASE("sites of a layer and sites of a role are groups of genes") {
  const IntegerSpace genomes =
      space({{"*", {Role::weight, Role::error}, {"e4m3fn", "e8m7"}, false, false, ""}}).genomes();
  CHECK(genomes.cardinalities == std::vector<std::uint16_t>(6, 2));
  CHECK(genomes.groups.size() == 5);  // three layers, two roles
  CHECK(genomes.size() == 64);
}

}  // namespace
}  // namespace mantissa
