#include "search/search_space.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

using Place = std::pair<std::size_t, Role>;

std::vector<std::size_t> matching_layers(const SpaceRule& rule,
                                         const std::vector<std::string>& names,
                                         const std::filesystem::path& scenario) {
  std::vector<std::size_t> matched;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (matches_glob(names[i], rule.layers)) matched.push_back(i);
  }
  if (matched.empty()) {
    throw Error(scenario.string() + "#" + rule.pointer + "/layers",
                "\"" + rule.layers + "\" matches no layer", "the layers are " + join(names, ", "));
  }
  return matched;
}

/// The rule that each place belongs to: the last one that names it.
std::map<Place, std::size_t> owners(const std::vector<SpaceRule>& rules,
                                    const std::vector<std::string>& names,
                                    const std::filesystem::path& scenario) {
  std::map<Place, std::size_t> owner;
  for (std::size_t r = 0; r < rules.size(); ++r) {
    for (const std::size_t layer : matching_layers(rules[r], names, scenario)) {
      for (const Role role : rules[r].roles) owner[{layer, role}] = r;
    }
  }
  return owner;
}

std::string site_name(const SpaceRule& rule, const std::vector<std::string>& names,
                      const Place& place) {
  std::vector<std::string> roles;
  for (const Role role : rule.roles) roles.emplace_back(role_name(role));
  const std::string layer = rule.tie_layers ? rule.layers : names[place.first];
  const std::string role = !rule.tie_roles || roles.size() == 1
                               ? std::string(role_name(place.second))
                               : "{" + join(roles, ",") + "}";
  return layer + "." + role;
}

}  // namespace

SearchSpace::SearchSpace(const std::vector<SpaceRule>& rules, Assignment base,
                         const std::filesystem::path& scenario)
    : base_(std::move(base)) {
  const std::map<Place, std::size_t> owner = owners(rules, base_.layer_names, scenario);
  // Places with the same rule, layer (unless tied) and role (unless tied) are one site; sites stand
  // in order of layer, then role.
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, std::size_t> site_of;
  for (const auto& [place, r] : owner) {
    const SpaceRule& rule = rules[r];
    if (rule.formats.size() == 1) {
      assign(base_.layers[place.first], place.second, rule.formats.front());
      continue;
    }
    const std::size_t layer_tag = rule.tie_layers ? 0 : place.first + 1;
    const std::size_t role_tag = rule.tie_roles ? 0 : static_cast<std::size_t>(place.second) + 1;
    const auto [entry, is_new] = site_of.emplace(std::tuple(r, layer_tag, role_tag), sites_.size());
    if (is_new) sites_.push_back({site_name(rule, base_.layer_names, place), {}, rule.formats});
    sites_[entry->second].places.push_back(place);
  }
  if (sites_.empty()) {
    throw Error(scenario.string() + "#/search/space", "leaves nothing to decide",
                "name roles and at least two formats, as in {\"roles\": [\"weight\"], \"formats\": "
                "[\"e4m3fn\", \"bf16\"]}");
  }
}

IntegerSpace SearchSpace::genomes() const {
  IntegerSpace space;
  std::map<std::size_t, std::vector<std::uint32_t>> by_layer;
  std::map<Role, std::vector<std::uint32_t>> by_role;
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    space.cardinalities.push_back(static_cast<std::uint16_t>(sites_[i].choices.size()));
    by_layer[sites_[i].places.front().first].push_back(static_cast<std::uint32_t>(i));
    by_role[sites_[i].places.front().second].push_back(static_cast<std::uint32_t>(i));
  }
  for (const auto& entry : by_layer) space.groups.push_back(entry.second);
  for (const auto& entry : by_role) space.groups.push_back(entry.second);
  return space;
}

Assignment SearchSpace::decode(const Genome& genome) const {
  Assignment assignment = base_;
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    for (const auto& [layer, role] : sites_[i].places) {
      assign(assignment.layers[layer], role, sites_[i].choices[genome[i]]);
    }
  }
  return assignment;
}

}  // namespace mantissa
