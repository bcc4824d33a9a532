#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "numeric/mac.h"

namespace mantissa {

/// The places of a layer that have a format of their own (docs/numerics.md). Tensor roles
/// first, then the three matrix products.
enum class Role : std::uint8_t {
  weight,
  activation,
  error,
  output,
  weight_gradient,
  master_weight,
  optimizer_state,
  mac_forward,
  mac_backward_data,
  mac_backward_weight,
};
inline constexpr std::size_t kRoleCount = 10;
inline constexpr std::size_t kTensorRoleCount = 7;

/// `weight`, ..., `optimizer_state`, `mac.forward`, `mac.backward_data`, `mac.backward_weight`.
std::string_view role_name(Role role);
/// Throws Error with the nearest role.
Role parse_role(std::string_view text);
constexpr bool is_mac_role(Role role) {
  return static_cast<std::size_t>(role) >= kTensorRoleCount;
}

/// Formats of one layer; everything fp32 by default.
struct LayerNumerics {
  std::array<Quantization, kTensorRoleCount> tensors;  ///< by Role
  std::array<Mac, 3> macs;                             ///< forward, backward_data, backward_weight

  const Quantization& tensor(Role role) const { return tensors[static_cast<std::size_t>(role)]; }
  Quantization& tensor(Role role) { return tensors[static_cast<std::size_t>(role)]; }
  const Mac& mac(Role role) const {
    return macs[static_cast<std::size_t>(role) - kTensorRoleCount];
  }
  Mac& mac(Role role) { return macs[static_cast<std::size_t>(role) - kTensorRoleCount]; }

  friend bool operator==(const LayerNumerics&, const LayerNumerics&) = default;
};

/// layer x role -> format: the thing that a search looks for.
struct Assignment {
  std::vector<std::string> layer_names;  ///< of `layers()`, in their order
  std::vector<LayerNumerics> layers;     ///< as many
  Quantization vector;                   ///< of every node that does not multiply matrices

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// Sets a role of one layer from a spelling (`e4m3fn/sr` for a tensor role, `e5m10/chunk64` for a
/// mac role).
void assign(LayerNumerics& layer, Role role, std::string_view spelling);
/// The canonical spelling of what a role has.
std::string spelling(const LayerNumerics& layer, Role role);

/// `{"vector": "e8m23", "layers": {"conv1": {"weight": "e4m3fn", ..., "mac.forward": "e8m23"},
/// ...}}`, every role of every layer.
nlohmann::json to_json(const Assignment& assignment);

}  // namespace mantissa
