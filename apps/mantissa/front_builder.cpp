#include "front_builder.h"

#include <algorithm>
#include <limits>

#include "hardware/storage.h"
#include "report/provenance.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

ModelFacts model_facts(const Workbench& bench) {
  ModelFacts facts;
  facts.file = bench.scenario.model.filename().string();
  facts.sha256 = bench.graph.sha256;
  for (const Layer& layer : bench.network_layers) {
    LayerFacts layer_facts;
    layer_facts.name = layer.name;
    layer_facts.op = layer.op_type;
    const auto product = bench.network.nodes[layer.node].op->work().forward;
    layer_facts.macs = product ? product->macs() / bench.network.batch : 0;
    for (const ValueId value : {layer.weight, layer.bias}) {
      if (bench.network.is_parameter(value)) {
        layer_facts.parameters +=
            bench.network.value_shapes[static_cast<std::size_t>(value)].elements();
      }
    }
    if (bench.network.is_parameter(layer.weight)) {
      layer_facts.weight_shape =
          bench.network.value_shapes[static_cast<std::size_t>(layer.weight)].extents();
    }
    facts.layers.push_back(std::move(layer_facts));
  }
  return facts;
}

DataFacts data_facts(const Workbench& bench) {
  DataFacts facts;
  facts.name = bench.data.training.name;
  facts.description = bench.data.description;
  facts.sha256 = bench.data.training.sha256;
  facts.training_samples = static_cast<std::int64_t>(bench.split.training.size());
  facts.validation_samples = static_cast<std::int64_t>(bench.split.validation.size());
  facts.test_samples = static_cast<std::int64_t>(bench.test_indices.size());
  return facts;
}

template <typename Events>
EventsRecord::Counts counts_of(const Events& events) {
  EventsRecord::Counts counts;
  for (const auto& field : event_fields(events)) {
    counts.emplace_back(field.name, events.*field.count);
  }
  return counts;
}

EventsRecord events_record(const NumericEvents& events, const Assignment& assignment) {
  EventsRecord record{counts_of(events.vector), {}};
  for (std::size_t i = 0; i < events.layers.size(); ++i) {
    EventsRecord::Roles roles;
    for_each_role(events.layers[i], [&](Role role, const auto& counted) {
      if (has_counted(counted)) roles.emplace_back(role_name(role), counts_of(counted));
    });
    record.layers.emplace_back(assignment.layer_names[i], std::move(roles));
  }
  return record;
}

std::string status_text(const Evaluation& evaluation) {
  return evaluation.status == TrainingStatus::diverged ? "diverged" : "finished";
}

TrainingMetrics metrics_of(const Evaluation& evaluation, const Assignment& assignment) {
  TrainingMetrics metrics;
  metrics.status = status_text(evaluation);
  metrics.status_reason = evaluation.status_reason;
  metrics.validation_accuracy = evaluation.validation_accuracy;
  metrics.test_accuracy = evaluation.test_accuracy < 0 ? std::numeric_limits<double>::quiet_NaN()
                                                       : evaluation.test_accuracy;
  metrics.steps = evaluation.steps;
  metrics.skipped_steps = evaluation.skipped_steps;
  metrics.final_loss_scale = evaluation.final_loss_scale;
  for (const EpochResult& epoch : evaluation.epochs) {
    metrics.epochs.push_back({epoch.epoch, epoch.training_loss, epoch.training_accuracy,
                              epoch.validation_loss, epoch.validation_accuracy});
  }
  metrics.events = events_record(evaluation.events, assignment);
  return metrics;
}

AssignmentRecord assignment_record(const Assignment& assignment) {
  AssignmentRecord record;
  record.vector = spelling(assignment.vector);
  for (std::size_t i = 0; i < assignment.layers.size(); ++i) {
    AssignmentRecord::Roles roles;
    for (std::size_t r = 0; r < kRoleCount; ++r) {
      const auto role = static_cast<Role>(r);
      roles.emplace_back(std::string(role_name(role)), spelling(assignment.layers[i], role));
    }
    record.layers.emplace_back(assignment.layer_names[i], std::move(roles));
  }
  return record;
}

/// Bits of every spelling that occurs in an assignment.
void note_formats(const Assignment& assignment, std::map<std::string, SpellingFacts>& formats) {
  for (const LayerNumerics& layer : assignment.layers) {
    for (std::size_t r = 0; r < kRoleCount; ++r) {
      const auto role = static_cast<Role>(r);
      const Quantization& format =
          is_mac_role(role) ? layer.mac(role).accumulator : layer.tensor(role);
      formats[spelling(layer, role)] = {storage_bits(format)};
    }
  }
  formats[spelling(assignment.vector)] = {storage_bits(assignment.vector)};
}

PointRecord point_record(const Workbench& bench, const Explored& explored, std::string id) {
  PointRecord point;
  point.id = std::move(id);
  point.evaluation = explored.evaluation.key;
  point.objectives = explored.objectives;
  point.metrics = metrics_of(explored.evaluation, explored.candidate.assignment);
  point.assignment = assignment_record(explored.candidate.assignment);
  point.cost = cost_record(bench.cost(explored.candidate.assignment));
  return point;
}

void add_candidates(const Workbench& bench, const ExploreResult& result, FrontDocument& document) {
  for (std::size_t i = 0; i < result.front.size(); ++i) {
    const Explored& explored = result.evaluated[result.front[i]];
    document.points.push_back(point_record(bench, explored, "p" + std::to_string(i + 1)));
    note_formats(explored.candidate.assignment, document.formats);
  }
  for (const Explored& baseline : result.baselines) {
    if (baseline.objectives.empty())
      continue;  // interrupted before all of the first generation was trained
    document.baselines.push_back({baseline.name, point_record(bench, baseline, baseline.name)});
    note_formats(baseline.candidate.assignment, document.formats);
    document.run.evaluation_seconds[baseline.evaluation.key] = baseline.evaluation.elapsed_seconds;
  }
  for (const Explored& explored : result.evaluated) {
    document.evaluations.push_back({explored.evaluation.key, explored.generation,
                                    status_text(explored.evaluation), explored.objectives});
    document.run.evaluation_seconds[explored.evaluation.key] = explored.evaluation.elapsed_seconds;
  }
}

}  // namespace

CostRecord cost_record(const StepCost& cost) {
  CostRecord record{cost.batch,           cost.energy_pj, cost.latency_cycles,
                    cost.latency_seconds, cost.area_mm2,  {}};
  for (const NodeCost& node : cost.nodes) {
    NodeCostRecord part;
    part.node = node.node;
    part.op = node.op_type;
    part.is_layer = node.is_layer;
    for (const PhaseCost& phase : node.phases) {
      part.energy_pj.emplace_back(phase.energy_pj.begin(), phase.energy_pj.end());
      part.latency_cycles.push_back(phase.latency_cycles);
      part.compute_cycles.push_back(phase.compute_cycles);
      part.memory_cycles.push_back(phase.memory_cycles);
      part.macs.push_back(phase.macs);
      part.dram_bytes.push_back(phase.dram_bytes);
    }
    record.nodes.push_back(std::move(part));
  }
  return record;
}

FrontDocument front_document(const Workbench& bench, const SearchSpace& space,
                             const ExploreResult& result, int threads, double elapsed_seconds) {
  FrontDocument document;
  document.name = bench.scenario.name;
  document.status = result.interrupted ? "interrupted" : "finished";
  document.tool = this_tool();
  document.scenario = bench.scenario.resolved;
  document.seeds = {bench.scenario.training.seed};
  document.model = model_facts(bench);
  document.data = data_facts(bench);
  for (const ObjectiveKind kind : bench.scenario.search.objectives) {
    const ObjectiveTraits& objective = traits(kind);
    document.objectives.push_back({std::string(objective.key), std::string(objective.description),
                                   std::string(objective.unit)});
  }
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    document.cost_axes.phases.emplace_back(phase_name(static_cast<Phase>(i)));
  }
  for (std::size_t i = 0; i < kComponentCount; ++i) {
    document.cost_axes.components.emplace_back(component_name(static_cast<Component>(i)));
  }
  note_formats(space.base(), document.formats);
  add_candidates(bench, result, document);
  document.hypervolume = {result.reference_point, result.hypervolume};
  document.counts = {result.generations, static_cast<std::int64_t>(result.evaluated.size()),
                     result.cache_hits, result.diverged};
  document.run.created = utc_now();
  document.run.machine = this_machine(threads);
  document.run.elapsed_seconds = elapsed_seconds;
  document.run.resumed_evaluations = static_cast<std::int64_t>(result.resumed);
  return document;
}

Candidate candidate_of_point(const Workbench& bench, const FrontDocument& document,
                             const std::string& id, const std::string& where) {
  std::vector<std::string> known;
  const PointRecord* found = nullptr;
  for (const PointRecord& point : document.points) {
    known.push_back(point.id);
    if (point.id == id) found = &point;
  }
  for (const BaselineRecord& baseline : document.baselines) {
    known.push_back(baseline.name);
    if (baseline.name == id) found = &baseline.point;
  }
  if (found == nullptr)
    throw Error(where, "has no point \"" + id + "\"", "its points are " + join(known, ", "));
  Candidate candidate = bench.candidate();
  candidate.assignment.vector = parse_unscaled(found->assignment.vector);
  for (const auto& [layer, roles] : found->assignment.layers) {
    const auto at = std::find(bench.layer_names.begin(), bench.layer_names.end(), layer);
    if (at == bench.layer_names.end()) {
      throw Error(where,
                  "point \"" + id + "\" has formats for a layer \"" + layer + "\", which " +
                      bench.scenario.model.string() + " does not have",
                  "its layers are " + join(bench.layer_names, ", "));
    }
    LayerNumerics& numerics =
        candidate.assignment.layers[static_cast<std::size_t>(at - bench.layer_names.begin())];
    for (const auto& [role, format] : roles) assign(numerics, parse_role(role), format);
  }
  return candidate;
}

}  // namespace mantissa
