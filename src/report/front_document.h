#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace mantissa {

/// The result of a search as plain data: what `pareto.json` holds, no more and no less.
///
/// The published form is `scenarios/schema/pareto.schema.json`; every struct below is one of its
/// definitions and has its member names. A double that is not a number stands for "not measured"
/// and is `null` in JSON.
///
/// Two runs of one scenario by one binary differ in `run` alone, whatever the machine, the number
/// of threads and the interruptions.
inline constexpr int kFrontSchemaVersion = 1;

/// The program that made the document.
struct ToolFacts {
  std::string name = "mantissa";
  std::string version;
  std::string git_revision;
  std::string compiler;
  friend bool operator==(const ToolFacts&, const ToolFacts&) = default;
};

/// Where the search ran (last, if it was resumed elsewhere).
struct MachineFacts {
  std::string cpu;  ///< "AMD EPYC 7B13"
  int threads = 0;
  std::string os;  ///< "Debian GNU/Linux 12 (bookworm)"
  friend bool operator==(const MachineFacts&, const MachineFacts&) = default;
};

/// What differs between two runs of the same scenario.
struct RunFacts {
  std::string created;  ///< UTC, ISO 8601: "2026-11-24T03:34:08Z"
  MachineFacts machine;
  double elapsed_seconds = 0;            ///< of the search, interruptions left out
  std::int64_t resumed_evaluations = 0;  ///< found in the log of an earlier, interrupted run
  std::map<std::string, double> evaluation_seconds;  ///< training time by evaluation id
  friend bool operator==(const RunFacts&, const RunFacts&) = default;
};

/// A layer of the network: a node that multiplies matrices.
struct LayerFacts {
  std::string name;
  std::string op;               ///< ONNX operator
  std::int64_t macs = 0;        ///< multiply-accumulates of one sample's forward pass
  std::int64_t parameters = 0;  ///< weights and biases
  std::vector<std::int64_t> weight_shape;
  friend bool operator==(const LayerFacts&, const LayerFacts&) = default;
};

struct ModelFacts {
  std::string file;
  std::string sha256;
  std::vector<LayerFacts> layers;  ///< in order of execution
  friend bool operator==(const ModelFacts&, const ModelFacts&) = default;
};

struct DataFacts {
  std::string name;
  std::string description;
  std::string sha256;
  std::int64_t training_samples = 0;
  std::int64_t validation_samples = 0;
  std::int64_t test_samples = 0;
  friend bool operator==(const DataFacts&, const DataFacts&) = default;
};

/// One axis of the front. All are minimised.
struct ObjectiveFacts {
  std::string name;         ///< key of the value in every point: "energy_pj"
  std::string description;  ///< for people, without the unit: "energy of a training step"
  std::string unit;         ///< "1", "pJ", "s", "cycles", "mm^2"
  friend bool operator==(const ObjectiveFacts&, const ObjectiveFacts&) = default;
};

/// Facts about a spelling that occurs in an assignment, so that readers need not parse it.
struct SpellingFacts {
  double bits = 0;  ///< of one value, shared scales counted in; of the accumulator for a mac role
  friend bool operator==(const SpellingFacts&, const SpellingFacts&) = default;
};

struct EpochMetrics {
  int epoch = 0;                   ///< from 1
  double training_loss = 0;        ///< nats a sample
  double training_accuracy = 0;    ///< in [0, 1]
  double validation_loss = 0;      ///< nats a sample
  double validation_accuracy = 0;  ///< in [0, 1]
  friend bool operator==(const EpochMetrics&, const EpochMetrics&) = default;
};

/// Numeric events of a training run, counted by their names in the schema.
struct EventsRecord {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  using Roles = std::vector<std::pair<std::string, Counts>>;  ///< roles of which some were counted
  Counts vector;                                              ///< of every node that is no layer
  std::vector<std::pair<std::string, Roles>> layers;          ///< in order of execution
  friend bool operator==(const EventsRecord&, const EventsRecord&) = default;
};

/// What training measured. With several seeds: means, and spreads as sample standard deviations.
struct TrainingMetrics {
  std::string status = "finished";  ///< finished, diverged
  std::string status_reason;        ///< for people; empty if finished
  int runs = 1;                     ///< seeds trained with
  double validation_accuracy = 0;   ///< in [0, 1]
  double validation_spread = 0;     ///< 0 with one seed
  double test_accuracy = 0;         ///< in [0, 1]; NaN: the test set was not asked
  double test_spread = 0;
  std::int64_t steps = 0;
  std::int64_t skipped_steps = 0;  ///< by dynamic loss scaling
  double final_loss_scale = 1;
  std::vector<EpochMetrics> epochs;  ///< of the first seed
  EventsRecord events;               ///< of the first seed; empty if none were counted
  friend bool operator==(const TrainingMetrics&, const TrainingMetrics&) = default;
};

/// layer x role -> canonical spelling.
struct AssignmentRecord {
  using Roles =
      std::vector<std::pair<std::string, std::string>>;  ///< role, spelling; roles in their order
  std::string vector;                                    ///< of every node that is no layer
  std::vector<std::pair<std::string, Roles>> layers;     ///< in order of execution
  friend bool operator==(const AssignmentRecord&, const AssignmentRecord&) = default;
};

/// The order of the arrays in `NodeCostRecord`.
struct CostAxes {
  std::vector<std::string> phases;
  std::vector<std::string> components;
  friend bool operator==(const CostAxes&, const CostAxes&) = default;
};

/// One node's share of a training step; arrays by phase.
struct NodeCostRecord {
  std::string node;
  std::string op;
  bool is_layer = false;
  std::vector<std::vector<double>> energy_pj;  ///< [phase][component]
  std::vector<double> latency_cycles;
  std::vector<double> compute_cycles;
  std::vector<double> memory_cycles;
  std::vector<std::int64_t> macs;
  std::vector<double> dram_bytes;
  friend bool operator==(const NodeCostRecord&, const NodeCostRecord&) = default;
};

/// The modelled cost of one training step (one batch).
struct CostRecord {
  std::int64_t batch = 0;
  double energy_pj = 0;
  double latency_cycles = 0;
  double latency_seconds = 0;
  double area_mm2 = 0;
  std::vector<NodeCostRecord> nodes;  ///< in order of execution
  friend bool operator==(const CostRecord&, const CostRecord&) = default;
};

/// A candidate in full.
struct PointRecord {
  std::string id;                  ///< "p1", "p2", ... by the first objective
  std::string evaluation;          ///< its id in the log of evaluations
  std::vector<double> objectives;  ///< in the order of FrontDocument::objectives
  TrainingMetrics metrics;
  AssignmentRecord assignment;
  CostRecord cost;
  friend bool operator==(const PointRecord&, const PointRecord&) = default;
};

/// A candidate that the search did not look for: a recipe or one format everywhere.
struct BaselineRecord {
  std::string name;  ///< "fp32", "amp-fp16", "amp-bf16", "e4m3fn"
  PointRecord point;
  friend bool operator==(const BaselineRecord&, const BaselineRecord&) = default;
};

/// Any candidate in brief.
struct EvaluationRecord {
  std::string id;
  int generation = 0;  ///< in which it was first proposed; 0 is the seeded start
  std::string status;  ///< finished, diverged
  std::vector<double> objectives;
  friend bool operator==(const EvaluationRecord&, const EvaluationRecord&) = default;
};

struct HypervolumeRecord {
  std::vector<double> reference_point;  ///< in the order of the objectives
  std::vector<double>
      by_generation;  ///< after generation 0, 1, ...: share of the reference box, in [0, 1]
  friend bool operator==(const HypervolumeRecord&, const HypervolumeRecord&) = default;
};

struct CountsRecord {
  std::int64_t generations = 0;
  std::int64_t evaluations = 0;  ///< distinct candidates trained
  std::int64_t cache_hits = 0;   ///< proposals of a candidate that had been proposed before
  std::int64_t diverged = 0;
  friend bool operator==(const CountsRecord&, const CountsRecord&) = default;
};

struct FrontDocument {
  std::string name;                 ///< of the scenario
  std::string status = "finished";  ///< finished, interrupted
  ToolFacts tool;
  nlohmann::json scenario = nlohmann::json::object();  ///< fully resolved, defaults echoed
  std::vector<std::uint64_t> seeds;
  ModelFacts model;
  DataFacts data;
  std::vector<ObjectiveFacts> objectives;
  std::map<std::string, SpellingFacts> formats;  ///< by spelling, of every spelling below
  CostAxes cost_axes;
  std::vector<PointRecord> points;  ///< the front, sorted by objectives
  std::vector<BaselineRecord> baselines;
  std::vector<EvaluationRecord> evaluations;  ///< in the order of their proposal
  HypervolumeRecord hypervolume;
  CountsRecord counts;
  RunFacts run;
  friend bool operator==(const FrontDocument&, const FrontDocument&) = default;
};

/// The document in the schema's form, keys in the schema's order. Doubles become the shortest
/// decimals that read back to them.
nlohmann::ordered_json to_json(const FrontDocument& document);

/// The same as text for a file: one line per array or object that holds only scalars.
std::string front_text(const FrontDocument& document);

/// Reads what `front_text` wrote. `where` names the source in errors, which carry a JSON pointer.
/// Throws Error if a member is missing or has another type, if an array has not the length that the
/// axes demand, or if the schema version is another.
FrontDocument parse_front(std::string_view text, std::string_view where);

void write_front(const std::filesystem::path& path, const FrontDocument& document);  ///< atomically
FrontDocument read_front(const std::filesystem::path& path);

}  // namespace mantissa
