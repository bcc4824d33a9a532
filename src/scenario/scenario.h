#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "graph/assignment.h"
#include "training/options.h"

namespace mantissa {

/// Which samples a run sees.
struct DataOptions {
  std::string name;
  std::filesystem::path folder;  ///< empty: where Debian's package puts it
  std::string fallback;          ///< data set to take where the files are missing; empty: none
  std::int64_t training_samples = 0;
  std::int64_t validation_samples = 0;
  std::int64_t test_samples = 0;  ///< 0: the whole test set
  std::uint64_t split_seed = 0;
};

/// One line of an assignment: every layer whose name matches the glob gets these formats.
struct AssignmentRule {
  std::string layers;                                 ///< glob over layer names
  std::vector<std::pair<Role, std::string>> formats;  ///< role -> spelling
  std::string pointer;                                ///< where it stands in the file, for errors
};

/// The formats of `mantissa train`, and of everything that a search does not vary.
struct AssignmentOptions {
  std::string recipe;
  std::string vector;
  std::vector<AssignmentRule> rules;  ///< applied in order over the recipe; later lines win
};

/// One line of a search space: a decision for each (layer, role) that it names, or one for several
/// that are tied.
struct SpaceRule {
  std::string layers;  ///< glob over layer names
  std::vector<Role> roles;
  std::vector<std::string> formats;  ///< spellings, in order from the cheapest to the most precise
  bool tie_layers = false;           ///< one decision for all layers matched
  bool tie_roles = false;            ///< one decision for all roles named
  std::string pointer;
};

enum class ObjectiveKind : std::uint8_t { error, energy, latency, area };

/// What is known of an objective besides its value.
struct ObjectiveTraits {
  ObjectiveKind kind;
  std::string_view name;         ///< in scenarios: "energy"
  std::string_view key;          ///< in results, unit included: "energy_pj"
  std::string_view unit;         ///< "1", "pJ", "s", "mm^2"
  std::string_view description;  ///< for people, without the unit
};
const ObjectiveTraits& traits(ObjectiveKind kind);

struct SearchOptions {
  std::vector<ObjectiveKind> objectives;
  int population = 0;  ///< even, at least 4
  int generations = 0;
  double crossover_probability = 0;
  double mutation_probability = 0;  ///< per gene; 0: 1 / number of genes
  std::uint64_t seed = 0;
  std::vector<std::string>
      baselines;  ///< recipes and formats (used uniformly) that the front is compared with
  std::vector<SpaceRule> space;
};

struct CompareOptions {
  std::vector<std::string> recipes;
  std::vector<std::uint64_t> seeds;
};

/// What the user asked for, checked; every default filled in. The defaults stand in the schema, and
/// nowhere else.
struct Scenario {
  std::filesystem::path file;
  std::string name;
  std::filesystem::path model;
  std::filesystem::path accelerator;
  std::filesystem::path output;  ///< folder of results
  DataOptions data;
  TrainingOptions training;
  AssignmentOptions assignment;
  SearchOptions search;
  CompareOptions compare;
  nlohmann::json resolved;  ///< the file with every default written out
};

/// The published JSON Schema of scenario files, from `scenarios/schema/scenario.schema.json`.
nlohmann::json scenario_schema();

/// Reads and checks a scenario file: JSON syntax, the schema (unknown keys are errors), every
/// format, rounding and role, and that the files it names exist. Relative paths are looked for
/// beside the scenario file, then in the data directory
/// (`models/`, `scenarios/accelerators/`); a bare name gets the ending `.onnx` or `.json`.
/// Throws Error: `FILE#/json/pointer: what; what would be right`.
Scenario load_scenario(const std::filesystem::path& file);

/// The same from text; `file` names it in errors and anchors relative paths.
Scenario parse_scenario(std::string_view text, const std::filesystem::path& file);

/// The formats of every layer: the recipe's, then each rule in order.
/// Throws Error naming the rule whose glob matches no layer, and the layers there are.
Assignment resolve_assignment(const AssignmentOptions& options,
                              const std::vector<std::string>& layer_names,
                              const std::filesystem::path& file);

}  // namespace mantissa
