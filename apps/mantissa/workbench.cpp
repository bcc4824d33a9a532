#include "workbench.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/error.h"
#include "support/files.h"
#include "training/evaluation.h"
#include "training/recipes.h"

namespace mantissa {
namespace {

/// Raised by whoever changes what a number that training produces can be, so that old evaluations
/// are not taken for new ones.
constexpr int kNumericsVersion = 2;

void fit_data_to_network(DataSource& data, const Network& network) {
  const Shape& input = network.value_shapes[0];
  const Shape& sample = data.training.sample_shape;
  const bool images = input.rank() == 4 && sample.rank() == 3 && input[1] == sample[0];
  if (!images || (input[2] == sample[1] && input[3] == sample[2])) return;
  data.description += fmt::format(", resized from {}x{} to the network's {}x{}", sample[1],
                                  sample[2], input[2], input[3]);
  data.training = resized(data.training, input[2], input[3]);
  data.test = resized(data.test, input[2], input[3]);
}

/// A fallback data set may be smaller than the one asked for: all of it is taken then, divided in
/// the same proportion.
void fit_counts_to_fallback(DataOptions& wanted, DataSource& data) {
  const std::int64_t asked = wanted.training_samples + wanted.validation_samples;
  const std::int64_t samples = data.training.samples();
  if (data.training.name == wanted.name || asked <= samples) return;
  wanted.training_samples = samples * wanted.training_samples / asked;
  wanted.validation_samples = samples - wanted.training_samples;
  data.description += fmt::format(", of which {} are trained on and {} validate",
                                  wanted.training_samples, wanted.validation_samples);
}

std::vector<std::int32_t> first_samples(const Dataset& dataset, std::int64_t wanted) {
  const std::int64_t count = wanted == 0 ? dataset.samples() : std::min(wanted, dataset.samples());
  std::vector<std::int32_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

/// What training/optimizer.cpp does to each parameter, counted there.
UpdateWork update_work(const OptimizerOptions& optimizer) {
  const int decay = optimizer.weight_decay > 0 ? 2 : 0;
  if (optimizer.kind != OptimizerKind::sgd) {
    return {
        .state_tensors = 2, .operations_per_parameter = 12 + decay, .specials_per_parameter = 2};
  }
  if (optimizer.momentum == 0) return {.state_tensors = 0, .operations_per_parameter = 2 + decay};
  const int look_ahead = optimizer.nesterov ? 2 : 0;
  return {.state_tensors = 1, .operations_per_parameter = 4 + look_ahead + decay};
}

}  // namespace

Workbench open_workbench(const std::filesystem::path& scenario) {
  Workbench bench;
  bench.scenario = load_scenario(scenario);
  const Scenario& wanted = bench.scenario;
  bench.graph = load_onnx(wanted.model);
  bench.network = prepare(bench.graph, wanted.training.batch_size);
  bench.network_layers = layers(bench.network);
  for (const Layer& layer : bench.network_layers) bench.layer_names.push_back(layer.name);
  bench.accelerator = load_accelerator(wanted.accelerator);
  bench.data = load_dataset(wanted.data.name, wanted.data.folder, wanted.data.fallback);
  fit_data_to_network(bench.data, bench.network);
  fit_counts_to_fallback(bench.scenario.data, bench.data);
  try {
    bench.split =
        split(bench.data.training, wanted.data.training_samples, wanted.data.validation_samples,
              RandomKey{wanted.data.split_seed}.child("split"));
  } catch (const Error& error) {
    throw error.within(wanted.file.string() + "#/data");
  }
  bench.test_indices = first_samples(bench.data.test, wanted.data.test_samples);
  bench.normalization = measure_normalization(bench.data.training, bench.split.training);
  try {
    require_fit(bench.network, bench.training_data(true));
  } catch (const Error& error) {
    throw error.within(wanted.file.string());
  }
  return bench;
}

Candidate Workbench::candidate() const {
  Candidate candidate{resolve_assignment(scenario.assignment, layer_names, scenario.file),
                      scenario.training.loss_scaling};
  const Recipe recipe = make_recipe(scenario.assignment.recipe, {});
  if (recipe.loss_scaling.kind != LossScalingKind::none)
    candidate.loss_scaling = recipe.loss_scaling;
  return candidate;
}

Candidate Workbench::named_candidate(const std::string& name) const {
  const std::vector<std::string> recipes = recipe_names();
  if (std::find(recipes.begin(), recipes.end(), name) != recipes.end()) {
    Recipe recipe = make_recipe(name, layer_names);
    return {std::move(recipe.assignment), recipe.loss_scaling};
  }
  return {uniform_assignment(layer_names, parse_quantization(name)),
          scenario.training.loss_scaling};
}

TrainingData Workbench::training_data(bool with_test) const {
  return {data.training, split.training, split.validation, with_test ? &data.test : nullptr,
          test_indices,  normalization};
}

TrainingOptions Workbench::training_options(const Candidate& candidate, std::uint64_t seed) const {
  TrainingOptions options = scenario.training;
  options.loss_scaling = candidate.loss_scaling;
  options.seed = seed;
  return options;
}

StepCost Workbench::cost(const Assignment& assignment) const {
  return cost_of_step(network, assignment, accelerator, update_work(scenario.training.optimizer));
}

std::string WorkbenchEvaluator::key(const Candidate& candidate) const {
  const DataOptions& data = bench_.scenario.data;
  const LossScalingOptions& scaling = candidate.loss_scaling;
  const nlohmann::json parts = {
      {"numerics", kNumericsVersion},
      {"model", bench_.graph.sha256},
      {"data", bench_.data.training.sha256},
      {"split", {data.training_samples, data.validation_samples, data.split_seed}},
      {"training", bench_.scenario.resolved.at("training")},
      {"loss_scaling",
       {static_cast<int>(scaling.kind), scaling.initial_scale, scaling.growth_interval}},
      {"assignment", to_json(candidate.assignment)}};
  return sha256_hex(parts.dump()).substr(0, 32);
}

Evaluation WorkbenchEvaluator::evaluate(const Candidate& candidate,
                                        const std::function<bool()>& stop_requested) const {
  TrainingHooks hooks;
  hooks.stop_requested = stop_requested;
  TrainingResult result =
      train(bench_.graph, candidate.assignment, bench_.training_data(false),
            bench_.training_options(candidate, bench_.scenario.training.seed), hooks);
  Evaluation evaluation;
  evaluation.key = key(candidate);
  evaluation.status = result.status;
  evaluation.status_reason = std::move(result.status_reason);
  evaluation.validation_accuracy = result.validation_accuracy;
  evaluation.epochs = std::move(result.epochs);
  evaluation.steps = result.steps;
  evaluation.skipped_steps = result.skipped_steps;
  evaluation.final_loss_scale = result.final_loss_scale;
  evaluation.elapsed_seconds = result.elapsed_seconds;
  evaluation.events = std::move(result.events);
  for (const Tensor& parameter : result.parameters) {
    evaluation.parameters.emplace_back(parameter.values().begin(), parameter.values().end());
  }
  return evaluation;
}

double WorkbenchEvaluator::test_accuracy(const Candidate& candidate,
                                         const Evaluation& trained) const {
  std::vector<Tensor> parameters;
  for (std::size_t i = 0; i < bench_.graph.parameters.size(); ++i) {
    parameters.emplace_back(bench_.graph.parameters[i].value->shape(), trained.parameters.at(i));
  }
  const RandomKey key = RandomKey{bench_.scenario.training.seed}.child("test");
  return mantissa::evaluate(bench_.graph, candidate.assignment, parameters, bench_.data.test,
                            bench_.test_indices, bench_.normalization, key)
      .accuracy;
}

std::vector<double> WorkbenchEvaluator::modelled_objectives(const Candidate& candidate) const {
  const StepCost cost = bench_.cost(candidate.assignment);
  std::vector<double> values;
  for (const ObjectiveKind objective : bench_.scenario.search.objectives) {
    switch (objective) {
      case ObjectiveKind::error:
        values.push_back(std::numeric_limits<double>::quiet_NaN());
        break;
      case ObjectiveKind::energy:
        values.push_back(cost.energy_pj);
        break;
      case ObjectiveKind::latency:
        values.push_back(cost.latency_seconds);
        break;
      case ObjectiveKind::area:
        values.push_back(cost.area_mm2);
        break;
    }
  }
  return values;
}

std::vector<double> WorkbenchEvaluator::objectives(const Candidate& candidate,
                                                   const Evaluation& evaluation) const {
  std::vector<double> values = modelled_objectives(candidate);
  const std::vector<ObjectiveKind>& kinds = bench_.scenario.search.objectives;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == ObjectiveKind::error) values[i] = 1 - evaluation.validation_accuracy;
  }
  return values;
}

}  // namespace mantissa
