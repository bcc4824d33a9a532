#include "scenario/scenario.h"

#include <algorithm>
#include <array>

#include "scenario/schema_validation.h"
#include "support/error.h"
#include "support/files.h"
#include "support/json.h"
#include "support/text.h"
#include "training/recipes.h"

namespace mantissa {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// In the order of ObjectiveKind.
constexpr std::array<ObjectiveTraits, 4> kObjectives = {
    {{ObjectiveKind::error, "error", "error", "1", "validation error"},
     {ObjectiveKind::energy, "energy", "energy_pj", "pJ", "energy of a training step"},
     {ObjectiveKind::latency, "latency", "latency_s", "s", "latency of a training step"},
     {ObjectiveKind::area, "area", "area_mm2", "mm^2", "area of the accelerator"}}};

/// Position of `word` in a list of spellings that the schema has already checked.
template <typename Enum, std::size_t count>
Enum enumerator(const std::array<std::string_view, count>& words, const json& value) {
  const std::string word = value.get<std::string>();
  std::size_t i = 0;
  while (i + 1 < count && words[i] != word) ++i;
  return static_cast<Enum>(i);
}

/// Runs `read`; a fault in it is told with the place in the file.
template <typename Read>
auto at_place(const fs::path& file, const std::string& pointer, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw error.within(file.string() + "#" + pointer);
  }
}

/// A file that the scenario names: as it stands, beside the scenario, or in the data directory;
/// with `ending` if it has none.
fs::path named_file(const std::string& name, const fs::path& scenario, const fs::path& shipped,
                    const std::string& ending, const std::string& pointer) {
  fs::path path(name);
  if (!path.has_extension() || path.extension() != ending) path += ending;
  std::vector<fs::path> candidates = {path};
  if (path.is_relative())
    candidates = {scenario.parent_path() / path, path, data_directory() / shipped / path};
  for (const fs::path& candidate : candidates) {
    std::error_code status;
    if (fs::exists(candidate, status)) return candidate.lexically_normal();
  }
  std::vector<std::string> known;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(data_directory() / shipped, status)) {
    if (entry.path().extension() == ending) known.push_back(entry.path().stem().string());
  }
  std::sort(known.begin(), known.end());
  throw Error(
      scenario.string() + "#" + pointer, "there is no file \"" + path.string() + "\"",
      "give a path to a " + ending + " file, or one of the shipped ones: " + join(known, ", "));
}

DataOptions read_data(const json& data, const fs::path& file) {
  DataOptions options;
  options.name = data.at("name");
  const std::string folder = data.at("folder");
  if (!folder.empty()) {
    options.folder = folder;
    if (options.folder.is_relative() && !fs::exists(options.folder))
      options.folder = file.parent_path() / folder;
  }
  options.fallback = data.at("fallback");
  options.training_samples = data.at("training_samples");
  options.validation_samples = data.at("validation_samples");
  options.test_samples = data.at("test_samples");
  options.split_seed = data.at("split_seed");
  return options;
}

OptimizerOptions read_optimizer(const json& optimizer) {
  static constexpr std::array<std::string_view, 3> kKinds = {"sgd", "adam", "adamw"};
  OptimizerOptions options;
  options.kind = enumerator<OptimizerKind>(kKinds, optimizer.at("kind"));
  options.learning_rate = optimizer.at("learning_rate");
  options.momentum = optimizer.at("momentum");
  options.nesterov = optimizer.at("nesterov");
  options.beta1 = optimizer.at("beta1");
  options.beta2 = optimizer.at("beta2");
  options.epsilon = optimizer.at("epsilon");
  options.weight_decay = optimizer.at("weight_decay");
  return options;
}

ScheduleOptions read_schedule(const json& schedule) {
  static constexpr std::array<std::string_view, 3> kKinds = {"constant", "step", "cosine"};
  ScheduleOptions options;
  options.kind = enumerator<ScheduleKind>(kKinds, schedule.at("kind"));
  options.step_epochs = schedule.at("step_epochs");
  options.step_factor = schedule.at("step_factor");
  options.final_fraction = schedule.at("final_fraction");
  options.warmup_steps = schedule.at("warmup_steps");
  return options;
}

LossScalingOptions read_loss_scaling(const json& scaling) {
  static constexpr std::array<std::string_view, 3> kKinds = {"none", "fixed", "dynamic"};
  LossScalingOptions options;
  options.kind = enumerator<LossScalingKind>(kKinds, scaling.at("kind"));
  options.initial_scale = scaling.at("initial_scale");
  options.growth_interval = scaling.at("growth_interval");
  return options;
}

TrainingOptions read_training(const json& training) {
  TrainingOptions options;
  options.epochs = training.at("epochs");
  options.batch_size = training.at("batch_size");
  options.seed = training.at("seed");
  options.reinitialize = training.at("start_from") == "random";
  options.optimizer = read_optimizer(training.at("optimizer"));
  options.schedule = read_schedule(training.at("schedule"));
  options.loss_scaling = read_loss_scaling(training.at("loss_scaling"));
  options.augmentation.max_shift = training.at("augmentation").at("max_shift");
  options.augmentation.flip = training.at("augmentation").at("flip");
  options.label_smoothing = training.at("label_smoothing");
  options.patience_steps = training.at("patience_steps");
  return options;
}

/// The canonical text of what a role may have; throws Error with the place if it cannot be read.
std::string checked_spelling(Role role, const json& value, const fs::path& file,
                             const std::string& pointer) {
  if (value.is_object()) {
    const std::string place = file.string() + "#" + pointer;
    return is_mac_role(role) ? spelling(mac_from_json(value, place))
                             : spelling(quantization_from_json(value, place));
  }
  return at_place(file, pointer, [&] {
    LayerNumerics scratch;
    assign(scratch, role, value.get<std::string>());
    return spelling(scratch, role);
  });
}

AssignmentOptions read_assignment(const json& assignment, const fs::path& file) {
  AssignmentOptions options;
  options.recipe = assignment.at("recipe");
  at_place(file, "/assignment/recipe", [&] { return make_recipe(options.recipe, {}); });
  options.vector = at_place(file, "/assignment/vector", [&] {
    return spelling(parse_unscaled(assignment.at("vector").get<std::string>()));
  });
  std::size_t index = 0;
  for (const json& line : assignment.at("layers")) {
    AssignmentRule rule;
    rule.pointer = "/assignment/layers/" + std::to_string(index++);
    for (const auto& entry : line.items()) {
      if (entry.key() == "match") {
        rule.layers = entry.value();
      } else {
        const Role role = parse_role(entry.key());
        rule.formats.emplace_back(
            role, checked_spelling(role, entry.value(), file, rule.pointer + "/" + entry.key()));
      }
    }
    options.rules.push_back(std::move(rule));
  }
  return options;
}

SpaceRule read_space_rule(const json& line, const fs::path& file, const std::string& pointer) {
  SpaceRule rule;
  rule.pointer = pointer;
  rule.layers = line.at("layers");
  rule.tie_layers = line.at("tie_layers");
  rule.tie_roles = line.at("tie_roles");
  for (const json& role : line.at("roles")) {
    rule.roles.push_back(parse_role(role.get<std::string>()));
    if (is_mac_role(rule.roles.back()) != is_mac_role(rule.roles.front())) {
      throw Error(file.string() + "#" + pointer + "/roles",
                  "tensor roles and mac roles cannot share a list of formats", "write two lines");
    }
  }
  std::size_t index = 0;
  for (const json& format : line.at("formats")) {
    const std::string place = pointer + "/formats/" + std::to_string(index++);
    const std::string text = checked_spelling(rule.roles.front(), format, file, place);
    if (std::find(rule.formats.begin(), rule.formats.end(), text) != rule.formats.end()) {
      throw Error(file.string() + "#" + place,
                  format.dump() + " is in the list already, as \"" + text + "\"");
    }
    rule.formats.push_back(text);
  }
  return rule;
}

/// A baseline is a recipe or a format.
void check_baseline(const json& name, const fs::path& file, const std::string& pointer) {
  const std::string text = name.get<std::string>();
  const std::vector<std::string> recipes = recipe_names();
  if (std::find(recipes.begin(), recipes.end(), text) != recipes.end()) return;
  at_place(file, pointer, [&] { return parse_quantization(text); });
}

SearchOptions read_search(const json& search, const fs::path& file) {
  SearchOptions options;
  for (const json& name : search.at("objectives")) {
    for (const ObjectiveTraits& objective : kObjectives) {
      if (objective.name == name.get<std::string>()) options.objectives.push_back(objective.kind);
    }
  }
  options.population = search.at("population");
  options.generations = search.at("generations");
  options.crossover_probability = search.at("crossover_probability");
  options.mutation_probability = search.at("mutation_probability");
  options.seed = search.at("seed");
  std::size_t index = 0;
  for (const json& name : search.at("baselines")) {
    check_baseline(name, file, "/search/baselines/" + std::to_string(index++));
    options.baselines.push_back(name);
  }
  index = 0;
  for (const json& line : search.at("space")) {
    options.space.push_back(
        read_space_rule(line, file, "/search/space/" + std::to_string(index++)));
  }
  return options;
}

CompareOptions read_compare(const json& compare, const fs::path& file) {
  CompareOptions options;
  std::size_t index = 0;
  for (const json& name : compare.at("recipes")) {
    check_baseline(name, file, "/compare/recipes/" + std::to_string(index++));
    options.recipes.push_back(name);
  }
  for (const json& seed : compare.at("seeds")) options.seeds.push_back(seed);
  return options;
}

}  // namespace

const ObjectiveTraits& traits(ObjectiveKind kind) {
  return kObjectives[static_cast<std::size_t>(kind)];
}

json scenario_schema() {
  const fs::path path = data_directory() / "scenarios" / "schema" / "scenario.schema.json";
  return parse_json(read_file(path), path.string());
}

Scenario load_scenario(const fs::path& file) {
  return parse_scenario(read_file(file), file);
}

Scenario parse_scenario(std::string_view text, const fs::path& file) {
  const json schema = scenario_schema();
  const json document = parse_json(text, file.string());
  validate(document, schema, file.string());
  Scenario scenario;
  scenario.file = file;
  scenario.resolved = with_defaults(document, schema);
  json& resolved = scenario.resolved;
  if (resolved.at("name") == "") resolved["name"] = file.stem().string();
  scenario.name = resolved.at("name");
  if (resolved.at("output") == "") resolved["output"] = "results/" + scenario.name;
  scenario.output = resolved.at("output").get<std::string>();
  scenario.model = named_file(resolved.at("model"), file, "models", ".onnx", "/model");
  scenario.accelerator =
      named_file(resolved.at("accelerator"), file, fs::path("scenarios") / "accelerators", ".json",
                 "/accelerator");
  scenario.data = read_data(resolved.at("data"), file);
  scenario.training = read_training(resolved.at("training"));
  scenario.assignment = read_assignment(resolved.at("assignment"), file);
  scenario.search = read_search(resolved.at("search"), file);
  scenario.compare = read_compare(resolved.at("compare"), file);
  return scenario;
}

Assignment resolve_assignment(const AssignmentOptions& options,
                              const std::vector<std::string>& layer_names, const fs::path& file) {
  Assignment assignment = make_recipe(options.recipe, layer_names).assignment;
  assignment.vector = parse_unscaled(options.vector);
  for (const AssignmentRule& rule : options.rules) {
    bool matched = false;
    for (std::size_t i = 0; i < layer_names.size(); ++i) {
      if (!matches_glob(layer_names[i], rule.layers)) continue;
      matched = true;
      for (const auto& [role, format] : rule.formats) assign(assignment.layers[i], role, format);
    }
    if (!matched) {
      throw Error(file.string() + "#" + rule.pointer + "/match",
                  "\"" + rule.layers + "\" matches no layer",
                  "the layers are " + join(layer_names, ", "));
    }
  }
  return assignment;
}

}  // namespace mantissa
