#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/assignment.h"
#include "moo/space.h"
#include "scenario/scenario.h"

namespace mantissa {

/// One decision: the same choice for every (layer, role) it governs.
struct Site {
  std::string name;  ///< "conv1.weight", "conv*.{weight,activation}"
  std::vector<std::pair<std::size_t, Role>> places;  ///< layer index, role
  std::vector<std::string> choices;  ///< canonical spellings, cheapest first; at least two
};

/// What may be chosen where. Roles that a rule pins to one format, and roles that no rule names,
/// are in `base`.
class SearchSpace {
 public:
  /// `base` are the formats of everything that is not searched.
  /// Throws Error naming the rule whose glob matches no layer, or the scenario if nothing is left
  /// to decide.
  SearchSpace(const std::vector<SpaceRule>& rules, Assignment base,
              const std::filesystem::path& scenario);

  const std::vector<Site>& sites() const { return sites_; }
  const Assignment& base() const { return base_; }

  /// The genomes: gene i picks choice genome[i] of site i. Sites of one layer, and sites of one
  /// role, are groups that a block move shifts together.
  IntegerSpace genomes() const;

  Assignment decode(const Genome& genome) const;

 private:
  Assignment base_;
  std::vector<Site> sites_;
};

}  // namespace mantissa
