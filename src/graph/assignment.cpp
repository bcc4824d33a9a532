#include "graph/assignment.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr std::array<std::string_view, kRoleCount> kNames = {"weight",
                                                             "activation",
                                                             "error",
                                                             "output",
                                                             "weight_gradient",
                                                             "master_weight",
                                                             "optimizer_state",
                                                             "mac.forward",
                                                             "mac.backward_data",
                                                             "mac.backward_weight"};

}  // namespace

std::string_view role_name(Role role) {
  return kNames.at(static_cast<std::size_t>(role));
}

Role parse_role(std::string_view text) {
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) {
    const std::vector<std::string> names(kNames.begin(), kNames.end());
    const std::string hint = did_you_mean(text, names);
    throw Error("", "no role is called \"" + std::string(text) + "\"",
                hint.empty() ? "roles are " + join(names, ", ") : hint);
  }
  return static_cast<Role>(found - kNames.begin());
}

void assign(LayerNumerics& layer, Role role, std::string_view text) {
  if (is_mac_role(role)) {
    layer.mac(role) = parse_mac(text);
  } else {
    const bool is_operand = role == Role::weight || role == Role::activation || role == Role::error;
    layer.tensor(role) = is_operand ? parse_quantization(text) : parse_unscaled(text);
  }
}

std::string spelling(const LayerNumerics& layer, Role role) {
  return is_mac_role(role) ? spelling(layer.mac(role)) : spelling(layer.tensor(role));
}

nlohmann::json to_json(const Assignment& assignment) {
  nlohmann::json layers = nlohmann::json::object();
  for (std::size_t index = 0; index < assignment.layers.size(); ++index) {
    nlohmann::json roles = nlohmann::json::object();
    for (std::size_t role = 0; role < kRoleCount; ++role) {
      roles[std::string(kNames[role])] =
          spelling(assignment.layers[index], static_cast<Role>(role));
    }
    layers[assignment.layer_names.at(index)] = std::move(roles);
  }
  return {{"vector", spelling(assignment.vector)}, {"layers", std::move(layers)}};
}

}  // namespace mantissa
