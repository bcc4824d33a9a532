#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.h"
#include "hardware/profile.h"
#include "interruption.h"
#include "progress.h"
#include "support/files.h"
#include "support/text.h"
#include "training/trainer.h"
#include "workbench.h"

namespace mantissa {
namespace {

struct ProfileArguments {
  std::string scenario;
  std::string recipe;
  std::string json;
  std::int64_t steps = 20;
  std::size_t rows = 24;
};

/// Seconds a step of each node and phase, as measured on this machine.
struct Measured {
  std::vector<NodeSeconds> nodes;
  double update = 0;

  double seconds(std::size_t node, Phase phase) const {
    switch (phase) {
      case Phase::forward:
        return nodes[node].forward;
      case Phase::backward_data:
        return nodes[node].backward_data;
      case Phase::backward_weight:
        return nodes[node].backward_weight;
      case Phase::update:
        return 0;  // measured for all parameters together
    }
    return 0;
  }
  double total() const {
    double sum = update;
    for (const NodeSeconds& node : nodes)
      sum += node.forward + node.backward_data + node.backward_weight;
    return sum;
  }
};

/// Runs some steps of the scenario's training; the first, which fills caches and allocates, is
/// measured with the rest.
Measured measure(const Workbench& bench, const Candidate& candidate, std::int64_t steps) {
  TrainingHooks hooks;
  hooks.measure_times = true;
  std::int64_t asked = 0;
  hooks.stop_requested = [&] { return asked++ >= steps || interruption_requested(); };
  const TrainingResult result =
      train(bench.graph, candidate.assignment, bench.training_data(false),
            bench.training_options(candidate, bench.scenario.training.seed), hooks);
  const auto count = static_cast<double>(std::max<std::int64_t>(1, result.steps));
  Measured measured{result.node_seconds, result.update_seconds / count};
  for (NodeSeconds& node : measured.nodes) {
    node.forward /= count;
    node.backward_data /= count;
    node.backward_weight /= count;
  }
  return measured;
}

struct Row {
  ProfileRow modelled;
  double seconds = 0;  ///< measured, a step
  double measured_share = 0;
};

std::vector<Row> rows_of(const Workbench& bench, const StepCost& cost, const Measured& measured) {
  std::vector<Row> rows;
  const double total = measured.total();
  for (ProfileRow& modelled : profile_rows(cost, bench.accelerator)) {
    const auto node =
        std::find_if(bench.network.nodes.begin(), bench.network.nodes.end(),
                     [&](const NetworkNode& candidate) { return candidate.name == modelled.node; });
    Row row{std::move(modelled), 0, 0};
    if (node != bench.network.nodes.end()) {
      row.seconds = measured.seconds(static_cast<std::size_t>(node - bench.network.nodes.begin()),
                                     row.modelled.phase);
    }
    row.measured_share = total > 0 ? row.seconds / total : 0;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string speedup(double factor) {
  return std::isinf(factor) ? "inf" : fmt::format("{:.2f}x", factor);
}

void print_rows(std::vector<Row> rows, std::size_t limit) {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.modelled.latency_cycles > b.modelled.latency_cycles;
  });
  std::size_t width = 4;
  for (const Row& row : rows) width = std::max(width, row.modelled.node.size());
  fmt::print(
      "{:<{}}  {:<15}  {:>8}  {:>8}  {:>7}  {:>9}  {:>9}  {:>7}  {:>7}  {:>9}  {:>9}  {:>8}\n",
      "node", width, "phase", "MACs", "bytes", "MACs/B", "energy", "cycles", "share", "10x",
      "infinite", "measured", "share");
  for (std::size_t i = 0; i < std::min(limit, rows.size()); ++i) {
    const ProfileRow& row = rows[i].modelled;
    fmt::print(
        "{:<{}}  {:<15}  {:>8}  {:>8}  {:>7.1f}  {:>9}  {:>9}  {:>6.1f}%  {:>7}  {:>9}  {:>9}  "
        "{:>7.1f}%\n",
        row.node, width, phase_name(row.phase), with_si_prefix(static_cast<double>(row.macs)),
        with_si_prefix(row.dram_bytes), row.macs_per_byte,
        with_si_prefix(row.energy_pj * 1e-12, "J"), with_si_prefix(row.latency_cycles),
        100 * row.latency.share, speedup(row.latency.speedup_10x),
        speedup(row.latency.speedup_infinite), with_si_prefix(rows[i].seconds, "s"),
        100 * rows[i].measured_share);
  }
  if (rows.size() > limit)
    fmt::print("... and {} more rows with less latency (--rows shows more)\n", rows.size() - limit);
}

void print_phases(const Workbench& bench, const StepCost& cost, const Measured& measured) {
  std::array<double, kPhaseCount> seconds{};
  for (const NodeSeconds& node : measured.nodes) {
    seconds[0] += node.forward;
    seconds[1] += node.backward_data;
    seconds[2] += node.backward_weight;
  }
  seconds[3] = measured.update;
  fmt::print("{:<15}  {:>8}  {:>8}  {:>9}  {:>9}  {:>7}  {:>7}  {:>9}  {:>9}  {:>8}\n", "phase",
             "MACs", "bytes", "energy", "cycles", "share", "10x", "infinite", "measured", "share");
  const double total = measured.total();
  for (const ProfileRow& row : profile_by_phase(cost, bench.accelerator)) {
    const double spent = seconds[static_cast<std::size_t>(row.phase)];
    fmt::print("{:<15}  {:>8}  {:>8}  {:>9}  {:>9}  {:>6.1f}%  {:>7}  {:>9}  {:>9}  {:>7.1f}%\n",
               phase_name(row.phase), with_si_prefix(static_cast<double>(row.macs)),
               with_si_prefix(row.dram_bytes), with_si_prefix(row.energy_pj * 1e-12, "J"),
               with_si_prefix(row.latency_cycles), 100 * row.latency.share,
               speedup(row.latency.speedup_10x), speedup(row.latency.speedup_infinite),
               with_si_prefix(spent, "s"), total > 0 ? 100 * spent / total : 0);
  }
}

nlohmann::ordered_json rows_json(const Workbench& bench, const StepCost& cost,
                                 const Measured& measured, const std::vector<Row>& rows) {
  nlohmann::ordered_json document = {{"scenario", bench.scenario.name},
                                     {"accelerator", bench.accelerator.name},
                                     {"batch", cost.batch},
                                     {"energy_pj", cost.energy_pj},
                                     {"latency_cycles", cost.latency_cycles},
                                     {"latency_s", cost.latency_seconds},
                                     {"measured_s", measured.total()},
                                     {"measured_update_s", measured.update}};
  for (const Row& row : rows) {
    nlohmann::ordered_json entry = to_json(row.modelled);
    entry["measured_s"] = row.seconds;
    entry["measured_share"] = row.measured_share;
    document["rows"].push_back(std::move(entry));
  }
  return document;
}

ExitCode profile_command(const ProfileArguments& arguments, bool quiet) {
  if (!arguments.json.empty()) require_writable(arguments.json);
  const Workbench bench = open_workbench(arguments.scenario);
  const Candidate candidate =
      arguments.recipe.empty() ? bench.candidate() : bench.named_candidate(arguments.recipe);
  catch_interruptions();
  Progress progress(quiet);
  progress.say(
      fmt::format("measuring {} steps of {} samples", arguments.steps, bench.network.batch));
  const Measured measured = measure(bench, candidate, arguments.steps);
  const StepCost cost = bench.cost(candidate.assignment);
  const std::vector<Row> rows = rows_of(bench, cost, measured);
  fmt::print(
      "one training step of {} samples on {}: {}, {} cycles = {} modelled; {} measured here\n\n",
      cost.batch, bench.accelerator.name, with_si_prefix(cost.energy_pj * 1e-12, "J"),
      with_si_prefix(cost.latency_cycles), with_si_prefix(cost.latency_seconds, "s"),
      with_si_prefix(measured.total(), "s"));
  print_phases(bench, cost, measured);
  fmt::print("\n");
  print_rows(rows, arguments.rows);
  fmt::print(
      "\nshare: of the step's modelled latency; 10x and infinite: how much faster the whole step "
      "would be if this part were ten "
      "times faster, or took no time (Amdahl)\n");
  if (!arguments.json.empty()) {
    write_file_atomically(arguments.json, rows_json(bench, cost, measured, rows).dump(2) + "\n");
  }
  return ExitCode::success;
}

}  // namespace

void add_profile_command(CLI::App& app, const CommonOptions& common, Action& action) {
  auto* command = app.add_subcommand(
      "profile",
      "Show where a training step spends energy and time, and what accelerating a part would free");
  auto arguments = std::make_shared<ProfileArguments>();
  command->add_option("scenario", arguments->scenario, "scenario file")->required();
  command->add_option("--recipe", arguments->recipe,
                      "instead of the scenario's assignment: fp32, amp-fp16, amp-bf16, or a format "
                      "for every layer");
  command->add_option("--steps", arguments->steps, "training steps that are measured")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--rows", arguments->rows, "rows shown, by falling latency")
      ->capture_default_str();
  command->add_option("--json", arguments->json, "also write every row to this file");
  command->footer("example: mantissa profile scenarios/quickstart.json --recipe amp-bf16");
  command->callback([&common, &action, arguments] {
    action = [&common, arguments] { return profile_command(*arguments, common.quiet); };
  });
}

}  // namespace mantissa
