#include "report/front_document.h"

#include "report/json_text.h"
#include "support/files.h"

namespace mantissa {
namespace {

using Json = nlohmann::ordered_json;

Json describe(const ToolFacts& tool) {
  return {{"name", tool.name},
          {"version", tool.version},
          {"git_revision", tool.git_revision},
          {"compiler", tool.compiler}};
}

Json describe(const RunFacts& run) {
  Json seconds = Json::object();
  for (const auto& [id, elapsed] : run.evaluation_seconds) seconds[id] = elapsed;
  return {{"created", run.created},
          {"machine",
           {{"cpu", run.machine.cpu}, {"threads", run.machine.threads}, {"os", run.machine.os}}},
          {"elapsed_seconds", run.elapsed_seconds},
          {"resumed_evaluations", run.resumed_evaluations},
          {"evaluation_seconds", seconds}};
}

Json describe(const ModelFacts& model) {
  Json layers = Json::array();
  for (const LayerFacts& layer : model.layers) {
    layers.push_back({{"name", layer.name},
                      {"op", layer.op},
                      {"macs", layer.macs},
                      {"parameters", layer.parameters},
                      {"weight_shape", layer.weight_shape}});
  }
  return {{"file", model.file}, {"sha256", model.sha256}, {"layers", layers}};
}

Json describe(const DataFacts& data) {
  return {{"name", data.name},
          {"description", data.description},
          {"sha256", data.sha256},
          {"training_samples", data.training_samples},
          {"validation_samples", data.validation_samples},
          {"test_samples", data.test_samples}};
}

Json describe(const std::vector<ObjectiveFacts>& objectives) {
  Json list = Json::array();
  for (const ObjectiveFacts& objective : objectives) {
    list.push_back({{"name", objective.name},
                    {"description", objective.description},
                    {"unit", objective.unit},
                    {"direction", "minimise"}});
  }
  return list;
}

Json by_objective(const std::vector<double>& values,
                  const std::vector<ObjectiveFacts>& objectives) {
  Json object = Json::object();
  for (std::size_t i = 0; i < objectives.size(); ++i) object[objectives[i].name] = values.at(i);
  return object;
}

Json describe(const EventsRecord::Counts& counts) {
  Json object = Json::object();
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

Json describe(const EventsRecord& events) {
  Json layers = Json::object();
  for (const auto& [layer, roles] : events.layers) {
    Json& entry = layers[layer] = Json::object();
    for (const auto& [role, counts] : roles) entry[role] = describe(counts);
  }
  return {{"vector", describe(events.vector)}, {"layers", layers}};
}

Json describe(const TrainingMetrics& metrics) {
  Json epochs = Json::array();
  for (const EpochMetrics& epoch : metrics.epochs) {
    epochs.push_back({{"epoch", epoch.epoch},
                      {"training_loss", epoch.training_loss},
                      {"training_accuracy", epoch.training_accuracy},
                      {"validation_loss", epoch.validation_loss},
                      {"validation_accuracy", epoch.validation_accuracy}});
  }
  Json json = {{"status", metrics.status},
               {"status_reason", metrics.status_reason},
               {"runs", metrics.runs},
               {"validation_accuracy", metrics.validation_accuracy},
               {"validation_spread", metrics.validation_spread},
               {"test_accuracy", metrics.test_accuracy},
               {"test_spread", metrics.test_spread},
               {"steps", metrics.steps},
               {"skipped_steps", metrics.skipped_steps},
               {"final_loss_scale", metrics.final_loss_scale},
               {"epochs", epochs}};
  if (!metrics.events.layers.empty()) json["events"] = describe(metrics.events);
  return json;
}

Json describe(const AssignmentRecord& assignment) {
  Json layers = Json::object();
  for (const auto& [layer, roles] : assignment.layers) {
    Json& entry = layers[layer] = Json::object();
    for (const auto& [role, spelling] : roles) entry[role] = spelling;
  }
  return {{"vector", assignment.vector}, {"layers", layers}};
}

Json describe(const CostRecord& cost) {
  Json nodes = Json::array();
  for (const NodeCostRecord& node : cost.nodes) {
    nodes.push_back({{"node", node.node},
                     {"op", node.op},
                     {"is_layer", node.is_layer},
                     {"energy_pj", node.energy_pj},
                     {"latency_cycles", node.latency_cycles},
                     {"compute_cycles", node.compute_cycles},
                     {"memory_cycles", node.memory_cycles},
                     {"macs", node.macs},
                     {"dram_bytes", node.dram_bytes}});
  }
  return {{"batch", cost.batch},
          {"energy_pj", cost.energy_pj},
          {"latency_cycles", cost.latency_cycles},
          {"latency_seconds", cost.latency_seconds},
          {"area_mm2", cost.area_mm2},
          {"nodes", nodes}};
}

/// Members are added to `object`, which may have a name in front already.
Json describe(const PointRecord& point, const FrontDocument& document,
              Json object = Json::object()) {
  object["id"] = point.id;
  object["evaluation"] = point.evaluation;
  object["objectives"] = by_objective(point.objectives, document.objectives);
  object["metrics"] = describe(point.metrics);
  object["assignment"] = describe(point.assignment);
  object["cost"] = describe(point.cost);
  return object;
}

Json describe_points(const FrontDocument& document) {
  Json list = Json::array();
  for (const PointRecord& point : document.points) list.push_back(describe(point, document));
  return list;
}

Json describe_baselines(const FrontDocument& document) {
  Json list = Json::array();
  for (const BaselineRecord& baseline : document.baselines) {
    Json named = Json::object();
    named["name"] = baseline.name;
    list.push_back(describe(baseline.point, document, std::move(named)));
  }
  return list;
}

Json describe_evaluations(const FrontDocument& document) {
  Json list = Json::array();
  for (const EvaluationRecord& evaluation : document.evaluations) {
    list.push_back({{"id", evaluation.id},
                    {"generation", evaluation.generation},
                    {"status", evaluation.status},
                    {"objectives", by_objective(evaluation.objectives, document.objectives)}});
  }
  return list;
}

Json describe_formats(const FrontDocument& document) {
  Json formats = Json::object();
  for (const auto& [spelling, facts] : document.formats) formats[spelling]["bits"] = facts.bits;
  return formats;
}

Json describe(const CountsRecord& counts) {
  return {{"generations", counts.generations},
          {"evaluations", counts.evaluations},
          {"cache_hits", counts.cache_hits},
          {"diverged", counts.diverged}};
}

}  // namespace

nlohmann::ordered_json to_json(const FrontDocument& document) {
  Json json = Json::object();
  json["schema_version"] = kFrontSchemaVersion;
  json["name"] = document.name;
  json["status"] = document.status;
  json["tool"] = describe(document.tool);
  json["scenario"] = Json(document.scenario);
  json["seeds"] = document.seeds;
  json["model"] = describe(document.model);
  json["data"] = describe(document.data);
  json["objectives"] = describe(document.objectives);
  json["formats"] = describe_formats(document);
  json["cost_axes"] = {{"phases", document.cost_axes.phases},
                       {"components", document.cost_axes.components}};
  json["points"] = describe_points(document);
  json["baselines"] = describe_baselines(document);
  json["evaluations"] = describe_evaluations(document);
  json["hypervolume"] = {
      {"reference_point", by_objective(document.hypervolume.reference_point, document.objectives)},
      {"by_generation", document.hypervolume.by_generation}};
  json["counts"] = describe(document.counts);
  json["run"] = describe(document.run);
  return json;
}

std::string front_text(const FrontDocument& document) {
  return readable_json(to_json(document));
}

void write_front(const std::filesystem::path& path, const FrontDocument& document) {
  write_file_atomically(path, front_text(document));
}

FrontDocument read_front(const std::filesystem::path& path) {
  return parse_front(read_file(path), path.string());
}

}  // namespace mantissa
