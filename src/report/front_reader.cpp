#include <utility>

#include "report/front_document.h"
#include "report/json_cursor.h"
#include "support/error.h"
#include "support/json.h"

namespace mantissa {
namespace {

using Json = nlohmann::ordered_json;

ToolFacts read_tool(const JsonCursor& json) {
  return {json.at("name").text(), json.at("version").text(), json.at("git_revision").text(),
          json.at("compiler").text()};
}

RunFacts read_run(const JsonCursor& json) {
  RunFacts run;
  run.created = json.at("created").text();
  const JsonCursor machine = json.at("machine");
  run.machine = {machine.at("cpu").text(), static_cast<int>(machine.at("threads").integer()),
                 machine.at("os").text()};
  run.elapsed_seconds = json.at("elapsed_seconds").number();
  run.resumed_evaluations = json.at("resumed_evaluations").integer();
  for (const auto& [id, seconds] : json.at("evaluation_seconds").members()) {
    run.evaluation_seconds[id] = seconds.number();
  }
  return run;
}

ModelFacts read_model(const JsonCursor& json) {
  ModelFacts model{json.at("file").text(), json.at("sha256").text(), {}};
  for (const JsonCursor& layer : json.at("layers").items()) {
    model.layers.push_back({layer.at("name").text(), layer.at("op").text(),
                            layer.at("macs").integer(), layer.at("parameters").integer(),
                            layer.at("weight_shape").integers()});
  }
  return model;
}

DataFacts read_data(const JsonCursor& json) {
  return {json.at("name").text(),
          json.at("description").text(),
          json.at("sha256").text(),
          json.at("training_samples").integer(),
          json.at("validation_samples").integer(),
          json.at("test_samples").integer()};
}

std::vector<ObjectiveFacts> read_objectives(const JsonCursor& json) {
  std::vector<ObjectiveFacts> objectives;
  for (const JsonCursor& item : json.items()) {
    if (item.at("direction").text() != "minimise")
      item.at("direction").refuse("is not \"minimise\"");
    objectives.push_back(
        {item.at("name").text(), item.at("description").text(), item.at("unit").text()});
  }
  return objectives;
}

std::vector<double> read_by_objective(const JsonCursor& json,
                                      const std::vector<ObjectiveFacts>& objectives) {
  std::vector<double> values;
  values.reserve(objectives.size());
  for (const ObjectiveFacts& objective : objectives)
    values.push_back(json.at(objective.name).number());
  return values;
}

EventsRecord::Counts read_event_counts(const JsonCursor& json) {
  EventsRecord::Counts counts;
  for (const auto& [name, count] : json.members()) counts.emplace_back(name, count.integer());
  return counts;
}

EventsRecord read_events(const JsonCursor& json) {
  EventsRecord events{read_event_counts(json.at("vector")), {}};
  for (const auto& [layer, roles] : json.at("layers").members()) {
    EventsRecord::Roles entry;
    for (const auto& [role, counts] : roles.members())
      entry.emplace_back(role, read_event_counts(counts));
    events.layers.emplace_back(layer, std::move(entry));
  }
  return events;
}

TrainingMetrics read_metrics(const JsonCursor& json) {
  TrainingMetrics metrics;
  metrics.status = json.at("status").text();
  metrics.status_reason = json.at("status_reason").text();
  metrics.runs = static_cast<int>(json.at("runs").integer());
  metrics.validation_accuracy = json.at("validation_accuracy").number();
  metrics.validation_spread = json.at("validation_spread").number();
  metrics.test_accuracy = json.at("test_accuracy").number();
  metrics.test_spread = json.at("test_spread").number();
  metrics.steps = json.at("steps").integer();
  metrics.skipped_steps = json.at("skipped_steps").integer();
  metrics.final_loss_scale = json.at("final_loss_scale").number();
  for (const JsonCursor& epoch : json.at("epochs").items()) {
    metrics.epochs.push_back(
        {static_cast<int>(epoch.at("epoch").integer()), epoch.at("training_loss").number(),
         epoch.at("training_accuracy").number(), epoch.at("validation_loss").number(),
         epoch.at("validation_accuracy").number()});
  }
  if (json.value().contains("events")) metrics.events = read_events(json.at("events"));
  return metrics;
}

AssignmentRecord read_assignment(const JsonCursor& json) {
  AssignmentRecord assignment{json.at("vector").text(), {}};
  for (const auto& [layer, roles] : json.at("layers").members()) {
    AssignmentRecord::Roles entry;
    for (const auto& [role, spelling] : roles.members()) entry.emplace_back(role, spelling.text());
    assignment.layers.emplace_back(layer, std::move(entry));
  }
  return assignment;
}

NodeCostRecord read_node_cost(const JsonCursor& json, const CostAxes& axes) {
  const std::size_t phases = axes.phases.size();
  NodeCostRecord node;
  node.node = json.at("node").text();
  node.op = json.at("op").text();
  node.is_layer = json.at("is_layer").boolean();
  for (const JsonCursor& phase : json.at("energy_pj").items()) {
    node.energy_pj.push_back(phase.numbers(axes.components.size()));
  }
  node.latency_cycles = json.at("latency_cycles").numbers(phases);
  node.compute_cycles = json.at("compute_cycles").numbers(phases);
  node.memory_cycles = json.at("memory_cycles").numbers(phases);
  node.macs = json.at("macs").integers();
  node.dram_bytes = json.at("dram_bytes").numbers(phases);
  if (node.energy_pj.size() != phases || node.macs.size() != phases) {
    json.refuse("has arrays that are not as long as cost_axes/phases");
  }
  return node;
}

CostRecord read_cost(const JsonCursor& json, const CostAxes& axes) {
  CostRecord cost;
  cost.batch = json.at("batch").integer();
  cost.energy_pj = json.at("energy_pj").number();
  cost.latency_cycles = json.at("latency_cycles").number();
  cost.latency_seconds = json.at("latency_seconds").number();
  cost.area_mm2 = json.at("area_mm2").number();
  for (const JsonCursor& node : json.at("nodes").items()) {
    cost.nodes.push_back(read_node_cost(node, axes));
  }
  return cost;
}

PointRecord read_point(const JsonCursor& json, const FrontDocument& document) {
  return {json.at("id").text(),
          json.at("evaluation").text(),
          read_by_objective(json.at("objectives"), document.objectives),
          read_metrics(json.at("metrics")),
          read_assignment(json.at("assignment")),
          read_cost(json.at("cost"), document.cost_axes)};
}

EvaluationRecord read_evaluation(const JsonCursor& json, const FrontDocument& document) {
  return {json.at("id").text(), static_cast<int>(json.at("generation").integer()),
          json.at("status").text(), read_by_objective(json.at("objectives"), document.objectives)};
}

CountsRecord read_counts(const JsonCursor& json) {
  return {json.at("generations").integer(), json.at("evaluations").integer(),
          json.at("cache_hits").integer(), json.at("diverged").integer()};
}

void read_lists(const JsonCursor& root, FrontDocument& document) {
  for (const JsonCursor& point : root.at("points").items()) {
    document.points.push_back(read_point(point, document));
  }
  for (const JsonCursor& baseline : root.at("baselines").items()) {
    document.baselines.push_back({baseline.at("name").text(), read_point(baseline, document)});
  }
  for (const JsonCursor& evaluation : root.at("evaluations").items()) {
    document.evaluations.push_back(read_evaluation(evaluation, document));
  }
}

std::vector<std::uint64_t> read_seeds(const JsonCursor& json) {
  std::vector<std::uint64_t> seeds;
  for (const JsonCursor& seed : json.items()) {
    if (!seed.value().is_number_unsigned())
      seed.refuse("is no seed: an integer from 0 to 2^64 - 1");
    seeds.push_back(seed.value().get<std::uint64_t>());
  }
  return seeds;
}

}  // namespace

FrontDocument parse_front(std::string_view text, std::string_view where) {
  const Json json = parse_ordered_json(text, where);
  const JsonCursor root(json, where);
  if (const std::int64_t version = root.at("schema_version").integer();
      version != kFrontSchemaVersion) {
    root.at("schema_version")
        .refuse("is " + std::to_string(version) + ", and this program reads version " +
                std::to_string(kFrontSchemaVersion));
  }
  FrontDocument document;
  document.name = root.at("name").text();
  document.status = root.at("status").text();
  document.tool = read_tool(root.at("tool"));
  document.scenario = nlohmann::json(root.at("scenario").value());
  document.seeds = read_seeds(root.at("seeds"));
  document.model = read_model(root.at("model"));
  document.data = read_data(root.at("data"));
  document.objectives = read_objectives(root.at("objectives"));
  for (const auto& [spelling, facts] : root.at("formats").members()) {
    document.formats[spelling] = {facts.at("bits").number()};
  }
  const JsonCursor axes = root.at("cost_axes");
  document.cost_axes = {axes.at("phases").texts(), axes.at("components").texts()};
  read_lists(root, document);
  const JsonCursor hypervolume = root.at("hypervolume");
  document.hypervolume.reference_point =
      read_by_objective(hypervolume.at("reference_point"), document.objectives);
  document.hypervolume.by_generation = hypervolume.at("by_generation").numbers();
  document.counts = read_counts(root.at("counts"));
  document.run = read_run(root.at("run"));
  return document;
}

}  // namespace mantissa
