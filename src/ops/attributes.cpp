#include "ops/attributes.h"

#include <array>

#include "support/error.h"

namespace mantissa {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<Attributes::Value>> kKinds = {
    "an integer",      "a real number", "text", "a list of integers", "a list of real numbers",
    "a list of texts", "a tensor"};

/// The attribute as `Kind`; nullptr if it is absent.
template <typename Kind>
const Kind* find(const std::map<std::string, Attributes::Value, std::less<>>& values,
                 std::string_view name, std::string_view wanted) {
  const auto found = values.find(name);
  if (found == values.end()) return nullptr;
  const Kind* value = std::get_if<Kind>(&found->second);
  if (value == nullptr) {
    throw Error("", "attribute '" + std::string(name) + "' is " +
                        std::string(kKinds.at(found->second.index())) + " where " +
                        std::string(wanted) + " belongs");
  }
  return value;
}

}  // namespace

std::int64_t Attributes::integer(std::string_view name, std::int64_t fallback) const {
  const auto* value = find<std::int64_t>(values_, name, kKinds[0]);
  return value != nullptr ? *value : fallback;
}

float Attributes::real(std::string_view name, float fallback) const {
  const auto* value = find<float>(values_, name, kKinds[1]);
  return value != nullptr ? *value : fallback;
}

std::string Attributes::text(std::string_view name, std::string_view fallback) const {
  const auto* value = find<std::string>(values_, name, kKinds[2]);
  return value != nullptr ? *value : std::string(fallback);
}

std::vector<std::int64_t> Attributes::integers(std::string_view name,
                                               std::vector<std::int64_t> fallback) const {
  const auto* value = find<std::vector<std::int64_t>>(values_, name, kKinds[3]);
  if (value != nullptr) return *value;
  return fallback;
}

std::vector<float> Attributes::reals(std::string_view name, std::vector<float> fallback) const {
  const auto* value = find<std::vector<float>>(values_, name, kKinds[4]);
  if (value != nullptr) return *value;
  return fallback;
}

const Constant* Attributes::constant(std::string_view name) const {
  return find<Constant>(values_, name, kKinds[6]);
}

}  // namespace mantissa
