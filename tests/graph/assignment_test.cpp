#include "graph/assignment.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "onnx_text.h"

namespace mantissa {
namespace {

TEST_CASE("every role's name reads back to the role") {
  for (std::size_t index = 0; index < kRoleCount; ++index) {
    const auto role = static_cast<Role>(index);
    CHECK(parse_role(role_name(role)) == role);
    CHECK(is_mac_role(role) == role_name(role).starts_with("mac."));
  }
}

TEST_CASE("an unknown role is refused with the nearest one") {
  CHECK(
      mentions(error_of([] { parse_role("wieght"); }), {"\"wieght\"", "did you mean \"weight\"?"}));
  CHECK(mentions(error_of([] { parse_role("nonsense"); }), {"roles are weight, activation"}));
}

TEST_CASE("a role keeps the spelling that it was assigned, and no other role changes") {
  for (std::size_t index = 0; index < kRoleCount; ++index) {
    const auto role = static_cast<Role>(index);
    const std::string text = is_mac_role(role) ? "e5m10/chunk64" : "e4m3fn/sr";
    LayerNumerics layer;
    assign(layer, role, text);
    CHECK(spelling(layer, role) == text);
    LayerNumerics other;
    for (std::size_t rest = 0; rest < kRoleCount; ++rest) {
      if (rest == index) continue;
      CHECK(spelling(layer, static_cast<Role>(rest)) == spelling(other, static_cast<Role>(rest)));
    }
  }
}

TEST_CASE("an assignment as JSON spells out every role of every layer") {
  Assignment assignment;
  assignment.layer_names = {"conv1", "fc"};
  assignment.layers.resize(2);
  assign(assignment.layers[0], Role::weight, "e4m3fn");
  assign(assignment.layers[1], Role::mac_forward, "e5m10/rtz");
  const nlohmann::json json = to_json(assignment);
  CHECK(json.at("vector") == "e8m23");
  REQUIRE(json.at("layers").size() == 2);
  for (const auto& layer : json.at("layers")) CHECK(layer.size() == kRoleCount);
  CHECK(json.at("layers").at("conv1").at("weight") == "e4m3fn");
  CHECK(json.at("layers").at("conv1").at("activation") == "e8m23");
  CHECK(json.at("layers").at("fc").at("mac.forward") == "e5m10/rtz");
}

}  // namespace
}  // namespace mantissa
