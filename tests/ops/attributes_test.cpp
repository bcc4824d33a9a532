#include "ops/attributes.h"

#include <doctest/doctest.h>

#include "support/error.h"

namespace mantissa {
namespace {

TEST_CASE("an absent attribute has its fallback") {
  const Attributes attributes;
  CHECK(attributes.integer("axis", -1) == -1);
  CHECK(attributes.real("alpha", 0.5F) == 0.5F);
  CHECK(attributes.text("mode", "constant") == "constant");
  CHECK(attributes.integers("pads", {1, 2}) == std::vector<std::int64_t>{1, 2});
  CHECK(attributes.reals("scales", {1.5F}) == std::vector<float>{1.5F});
  CHECK(attributes.constant("value") == nullptr);
  CHECK_FALSE(attributes.has("axis"));
}

TEST_CASE("an attribute that is set is returned whole") {
  Attributes attributes;
  attributes.set("axis", std::int64_t{2});
  attributes.set("alpha", 0.25F);
  attributes.set("mode", std::string("edge"));
  attributes.set("pads", std::vector<std::int64_t>{0, 1});
  attributes.set("scales", std::vector<float>{2.0F, 3.0F});
  attributes.set("value", Constant(IntegerTensor{{2}, {7, 8}}));
  CHECK(attributes.integer("axis", -1) == 2);
  CHECK(attributes.real("alpha", 0.5F) == 0.25F);
  CHECK(attributes.text("mode", "constant") == "edge");
  CHECK(attributes.integers("pads", {}) == std::vector<std::int64_t>{0, 1});
  CHECK(attributes.reals("scales", {}) == std::vector<float>{2.0F, 3.0F});
  REQUIRE(attributes.constant("value") != nullptr);
  CHECK(std::get<IntegerTensor>(*attributes.constant("value")).values[1] == 8);
}

TEST_CASE("an attribute of another type is refused with both types") {
  Attributes attributes;
  attributes.set("axis", 1.0F);
  attributes.set("mode", std::int64_t{0});
  CHECK_THROWS_WITH_AS(attributes.integer("axis", 0),
                       "attribute 'axis' is a real number where an integer belongs", Error);
  CHECK_THROWS_WITH_AS(attributes.text("mode", ""),
                       "attribute 'mode' is an integer where text belongs", Error);
}

}  // namespace
}  // namespace mantissa
