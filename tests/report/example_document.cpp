#include "example_document.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "support/random.h"

namespace mantissa {
namespace {

/// A format as this example needs it: its width and the bits of its significand.
struct Width {
  const char* spelling;
  double bits;
  double significand;
};

constexpr std::array<Width, 7> kTensorFormats = {{{"e2m1fin", 4, 2},
                                                  {"e3m2fin/sr", 6, 3},
                                                  {"e4m3fn", 8, 4},
                                                  {"e5m2/sr", 8, 3},
                                                  {"e5m10", 16, 11},
                                                  {"e8m7", 16, 8},
                                                  {"e8m23", 32, 24}}};
constexpr std::array<Width, 4> kMacFormats = {
    {{"e5m10/chunk64", 16, 11}, {"e6m9", 16, 10}, {"e8m15", 24, 16}, {"e8m23", 32, 24}}};
constexpr std::size_t kWidestTensor = kTensorFormats.size() - 1;
constexpr std::size_t kWidestMac = kMacFormats.size() - 1;

constexpr std::array<const char*, 10> kRoles = {"weight",
                                                "activation",
                                                "error",
                                                "output",
                                                "weight_gradient",
                                                "master_weight",
                                                "optimizer_state",
                                                "mac.forward",
                                                "mac.backward_data",
                                                "mac.backward_weight"};
constexpr std::size_t kTensorRoles = 7;

struct Node {
  const char* name;
  const char* op;
  double macs;        ///< a sample, forward
  double parameters;  ///< 0: no layer
  double elements;    ///< of the output, a sample
};
constexpr std::array<Node, 12> kNodes = {{{"conv1", "Conv", 117600, 156, 4704},
                                          {"relu1", "Relu", 0, 0, 4704},
                                          {"pool1", "MaxPool", 0, 0, 1176},
                                          {"conv2", "Conv", 240000, 2416, 1600},
                                          {"relu2", "Relu", 0, 0, 1600},
                                          {"pool2", "MaxPool", 0, 0, 400},
                                          {"flatten", "Flatten", 0, 0, 400},
                                          {"fc1", "Gemm", 48000, 48120, 120},
                                          {"relu3", "Relu", 0, 0, 120},
                                          {"fc2", "Gemm", 10080, 10164, 84},
                                          {"relu4", "Relu", 0, 0, 84},
                                          {"fc3", "Gemm", 840, 850, 10}}};
constexpr std::size_t kLayers = 5;
constexpr double kBatch = 64;

/// Index of a format by layer and role.
using Genome = std::array<std::array<std::size_t, kRoles.size()>, kLayers>;

const Width& width(const Genome& genome, std::size_t layer, std::size_t role) {
  const std::size_t index = genome[layer][role];
  return role < kTensorRoles ? kTensorFormats[index] : kMacFormats[index];
}

Genome uniform(std::size_t tensor, std::size_t mac) {
  Genome genome;
  for (auto& layer : genome) {
    for (std::size_t role = 0; role < kRoles.size(); ++role) {
      layer[role] = role < kTensorRoles ? tensor : mac;
    }
    layer[5] = layer[6] = kWidestTensor;  // master weight and optimiser state
  }
  return genome;
}

/// Energies of layer `index`, by phase: multiplier, accumulator, converter, scratchpad, DRAM, host
/// core.
NodeCostRecord layer_cost(const Node& node, const Genome& genome, std::size_t layer) {
  static constexpr std::array<std::array<std::size_t, 2>, 3> kOperands = {{{0, 1}, {0, 2}, {1, 2}}};
  NodeCostRecord cost{node.name, node.op, true, {}, {}, {}, {}, {}, {}};
  for (std::size_t phase = 0; phase < 3; ++phase) {
    const Width& a = width(genome, layer, kOperands[phase][0]);
    const Width& b = width(genome, layer, kOperands[phase][1]);
    const Width& sum = width(genome, layer, kTensorRoles + phase);
    const double macs = layer == 0 && phase == 1 ? 0 : node.macs * kBatch;
    const double bytes = (node.parameters + node.elements * kBatch) * (a.bits + b.bits) / 16;
    cost.energy_pj.push_back({macs * 0.0054 * a.significand * b.significand, macs * 0.03 * sum.bits,
                              macs * 0.004 * (a.bits + b.bits), macs * 0.011 * (a.bits + b.bits),
                              bytes * 20, 0});
    cost.compute_cycles.push_back(macs / 256);
    cost.memory_cycles.push_back(bytes / 8);
    cost.macs.push_back(static_cast<std::int64_t>(macs));
    cost.dram_bytes.push_back(bytes);
  }
  const double bytes = node.parameters * 12;
  cost.energy_pj.push_back({0, 0, 0, 0, bytes * 20, node.parameters * 30});
  cost.compute_cycles.push_back(node.parameters / 2);
  cost.memory_cycles.push_back(bytes / 8);
  cost.macs.push_back(0);
  cost.dram_bytes.push_back(bytes);
  for (std::size_t phase = 0; phase < 4; ++phase) {
    cost.latency_cycles.push_back(std::max(cost.compute_cycles[phase], cost.memory_cycles[phase]));
  }
  return cost;
}

NodeCostRecord vector_cost(const Node& node) {
  NodeCostRecord cost{node.name, node.op, false, {}, {}, {}, {}, {}, {}};
  for (std::size_t phase = 0; phase < 4; ++phase) {
    const double elements = phase < 2 ? node.elements * kBatch : 0;
    cost.energy_pj.push_back({0, 0, 0, 0, 0, elements * 2.5});
    cost.latency_cycles.push_back(elements / 8);
    cost.compute_cycles.push_back(elements / 8);
    cost.memory_cycles.push_back(0);
    cost.macs.push_back(0);
    cost.dram_bytes.push_back(0);
  }
  return cost;
}

CostRecord cost_of(const Genome& genome) {
  CostRecord cost;
  cost.batch = static_cast<std::int64_t>(kBatch);
  double mean_bits = 0;
  std::size_t layer = 0;
  for (const Node& node : kNodes) {
    cost.nodes.push_back(node.macs > 0 ? layer_cost(node, genome, layer) : vector_cost(node));
    if (node.macs > 0) ++layer;
    for (std::size_t phase = 0; phase < 4; ++phase) {
      for (const double part : cost.nodes.back().energy_pj[phase]) cost.energy_pj += part;
      cost.latency_cycles += cost.nodes.back().latency_cycles[phase];
    }
  }
  for (layer = 0; layer < kLayers; ++layer) {
    for (std::size_t role = 0; role < kRoles.size(); ++role)
      mean_bits += width(genome, layer, role).bits;
  }
  cost.latency_seconds = cost.latency_cycles / 1e9;
  cost.area_mm2 = 0.4 + mean_bits / (kLayers * kRoles.size()) * 0.05;
  return cost;
}

/// The accuracy that narrow significands leave, in thousandths of noise.
double error_of(const Genome& genome, double noise) {
  static constexpr std::array<double, kRoles.size()> kSensitivity = {1.0, 0.8, 1.3, 0.3, 0.7,
                                                                     0,   0,   0.6, 0.7, 1.1};
  double penalty = 0;
  for (std::size_t layer = 0; layer < kLayers; ++layer) {
    for (std::size_t role = 0; role < kRoles.size(); ++role) {
      penalty += kSensitivity[role] * std::exp2(-1.1 * width(genome, layer, role).significand);
    }
  }
  return std::min(0.9, 0.104 + 0.03 * penalty + 0.012 * (noise - 0.5));
}

TrainingMetrics metrics_of(double error) {
  TrainingMetrics metrics;
  metrics.validation_accuracy = 1 - error;
  metrics.test_accuracy = 1 - error - 0.006;
  metrics.steps = 5 * 157;
  for (int epoch = 1; epoch <= 5; ++epoch) {
    const double loss = 2.6 * error + 1.1 * std::pow(0.45, epoch);
    metrics.epochs.push_back(
        {epoch, loss, 1 - loss * 0.36, loss * 1.08, 1 - error - 0.5 * std::pow(0.3, epoch)});
  }
  return metrics;
}

AssignmentRecord assignment_of(const Genome& genome) {
  AssignmentRecord assignment{"e8m23", {}};
  std::size_t layer = 0;
  for (const Node& node : kNodes) {
    if (node.macs == 0) continue;
    AssignmentRecord::Roles roles;
    for (std::size_t role = 0; role < kRoles.size(); ++role) {
      roles.emplace_back(kRoles[role], width(genome, layer, role).spelling);
    }
    assignment.layers.emplace_back(node.name, std::move(roles));
    ++layer;
  }
  return assignment;
}

/// Narrow formats lose more; the sums of the last layer swamp.
EventsRecord events_of(const AssignmentRecord& assignment) {
  EventsRecord events{
      {{"values", 0}, {"overflows", 0}, {"underflows", 0}, {"subnormals", 0}, {"nans", 0}}, {}};
  std::int64_t values = 1000;
  for (const auto& [layer, roles] : assignment.layers) {
    EventsRecord::Roles counted;
    for (const auto& [role, spelling] : roles) {
      const auto lost = static_cast<std::int64_t>(100 / spelling.size());
      values += 10;
      if (role.starts_with("mac.")) {
        counted.push_back({role,
                           {{"sums", 3},
                            {"products", values},
                            {"underflows", 0},
                            {"addends", values},
                            {"swamped", lost},
                            {"overflows", 0},
                            {"nans", 0}}});
      } else {
        counted.push_back({role,
                           {{"values", values},
                            {"overflows", 0},
                            {"underflows", lost},
                            {"subnormals", 2 * lost},
                            {"nans", 0}}});
      }
    }
    events.layers.emplace_back(layer, std::move(counted));
  }
  return events;
}

PointRecord evaluate(const Genome& genome, double noise, const std::string& evaluation) {
  PointRecord point;
  point.evaluation = evaluation;
  const double error = error_of(genome, noise);
  point.metrics = metrics_of(error);
  point.assignment = assignment_of(genome);
  point.metrics.events = events_of(point.assignment);
  point.cost = cost_of(genome);
  point.objectives = {error, point.cost.energy_pj, point.cost.latency_seconds};
  return point;
}

std::string evaluation_id(std::uint64_t number) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (std::uint64_t digit = 0; digit < 16; ++digit) {
    id += kDigits[random_below(RandomKey{41}.child(number), digit, 16)];
  }
  return id;
}

bool dominates(const PointRecord& a, const PointRecord& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.objectives.size(); ++i) {
    if (a.objectives[i] > b.objectives[i]) return false;
    better = better || a.objectives[i] < b.objectives[i];
  }
  return better;
}

/// Ranges over which candidate `number` draws its formats: from narrow to wide.
Genome draw(std::uint64_t number) {
  RandomSequence random(RandomKey{7}.child(number));
  Genome genome = uniform(0, 0);
  const auto lowest = random.below(4);
  for (auto& layer : genome) {
    for (std::size_t role = 0; role < kRoles.size(); ++role) {
      if (role == 5 || role == 6) continue;
      const auto choice = lowest + random.below(3);
      layer[role] = role < kTensorRoles
                        ? std::min<std::size_t>(choice, kWidestTensor)
                        : std::min<std::size_t>(choice / 2 + random.below(2), kWidestMac);
    }
  }
  return genome;
}

void add_facts(FrontDocument& document) {
  document.name = "LeNet-5 on Fashion-MNIST";
  document.tool = {"mantissa", "0.1.0", "340efab1c2d3", "GNU 12.2.0"};
  document.scenario = {
      {"name", document.name}, {"model", "models/lenet5.onnx"}, {"search", {{"population", 25}}}};
  document.seeds = {1};
  document.model = {"models/lenet5.onnx", std::string(64, 'a'), {}};
  for (const Node& node : kNodes) {
    if (node.macs == 0) continue;
    document.model.layers.push_back({node.name,
                                     node.op,
                                     static_cast<std::int64_t>(node.macs),
                                     static_cast<std::int64_t>(node.parameters),
                                     {}});
  }
  document.model.layers[0].weight_shape = {6, 1, 5, 5};
  document.model.layers[1].weight_shape = {16, 6, 5, 5};
  document.model.layers[2].weight_shape = {120, 400};
  document.model.layers[3].weight_shape = {84, 120};
  document.model.layers[4].weight_shape = {10, 84};
  document.data = {
      "fashion-mnist",
      "Fashion-MNIST (Xiao, Rasul & Vollgraf 2017), 28x28 grey images of 10 kinds of clothing",
      std::string(64, 'b'),
      10000,
      2000,
      10000};
  document.objectives = {{"error", "validation error", "1"},
                         {"energy_pj", "energy of a training step", "pJ"},
                         {"latency_s", "latency of a training step", "s"}};
  for (const Width& format : kTensorFormats) document.formats[format.spelling] = {format.bits};
  for (const Width& format : kMacFormats) document.formats[format.spelling] = {format.bits};
  document.cost_axes = {
      {"forward", "backward_data", "backward_weight", "update"},
      {"multiplier", "accumulator", "converter", "scratchpad", "dram", "host_core"}};
  document.run.created = "2026-11-24T04:00:00Z";
  document.run.machine = {"AMD EPYC 7B13", 2, "Debian GNU/Linux 12 (bookworm)"};
  document.run.elapsed_seconds = 151.25;
}

void add_baselines(FrontDocument& document) {
  const std::array<std::pair<const char*, Genome>, 4> baselines = {
      {{"fp32", uniform(kWidestTensor, kWidestMac)},
       {"amp-fp16", uniform(4, kWidestMac)},
       {"amp-bf16", uniform(5, kWidestMac)},
       {"e4m3fn", uniform(2, 0)}}};
  std::uint64_t number = 1000;
  for (const auto& [name, genome] : baselines) {
    PointRecord point = evaluate(genome, 0.4, evaluation_id(number));
    point.id = "b" + std::to_string(++number - 1000);
    document.baselines.push_back({name, std::move(point)});
  }
}

void add_candidates(FrontDocument& document) {
  constexpr std::uint64_t kCandidates = 200;
  std::vector<PointRecord> all;
  for (std::uint64_t i = 0; i < kCandidates; ++i) {
    all.push_back(evaluate(draw(i), random_uniform({9}, i), evaluation_id(i)));
    const bool diverged = i % 41 == 17;
    EvaluationRecord brief{all.back().evaluation, static_cast<int>(i / 25),
                           diverged ? "diverged" : "finished", all.back().objectives};
    if (diverged) {
      all.pop_back();
      brief.objectives = {1, NAN, NAN};
      ++document.counts.diverged;
    }
    document.run.evaluation_seconds[brief.id] = 0.7 + 0.1 * random_uniform({10}, i);
    document.evaluations.push_back(std::move(brief));
  }
  for (const PointRecord& point : all) {
    const auto beats = [&](const PointRecord& other) { return dominates(other, point); };
    if (std::none_of(all.begin(), all.end(), beats)) document.points.push_back(point);
  }
  std::sort(document.points.begin(), document.points.end(),
            [](const PointRecord& a, const PointRecord& b) { return a.objectives < b.objectives; });
  for (std::size_t i = 0; i < document.points.size(); ++i) {
    document.points[i].id = "p" + std::to_string(i + 1);
  }
  document.counts.generations = 8;
  document.counts.evaluations = static_cast<std::int64_t>(kCandidates);
  document.counts.cache_hits = 12;
}

}  // namespace

FrontDocument example_document() {
  FrontDocument document;
  add_facts(document);
  add_baselines(document);
  add_candidates(document);
  const std::vector<double>& fp32 = document.baselines.front().point.objectives;
  document.hypervolume.reference_point = {1, fp32[1] * 1.1, fp32[2] * 1.1};
  for (int generation = 0; generation < 8; ++generation) {
    document.hypervolume.by_generation.push_back(0.62 - 0.2 * std::pow(0.55, generation));
  }
  return document;
}

}  // namespace mantissa
