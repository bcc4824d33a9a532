#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.h"
#include "front_builder.h"
#include "interruption.h"
#include "progress.h"
#include "report/front_document.h"
#include "support/files.h"
#include "support/text.h"
#include "tensor/parallel.h"
#include "training/trainer.h"
#include "workbench.h"

namespace mantissa {
namespace {

struct CompareArguments {
  std::string scenario;
  std::string front;
  std::vector<std::string> points;
  std::vector<std::uint64_t> seeds;
  std::string json;
};

/// Mean and sample standard deviation of one figure over the seeds.
struct Spread {
  double mean = 0;
  double deviation = 0;
};

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  for (const double value : values) spread.mean += value / static_cast<double>(values.size());
  if (values.size() < 2) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return spread;
}

struct Row {
  std::string name;
  Candidate candidate;
  std::vector<double> test_accuracy;  // by seed
  std::vector<double> validation_accuracy;
  std::vector<double> elapsed_seconds;
  int diverged = 0;
  StepCost cost;
  std::int64_t steps = 0;
};

std::vector<Row> rows_of(const CompareArguments& arguments, const Workbench& bench) {
  std::vector<Row> rows;
  for (const std::string& name : bench.scenario.compare.recipes)
    rows.push_back({name, bench.named_candidate(name), {}, {}, {}, 0, {}, 0});
  if (!arguments.front.empty()) {
    const FrontDocument document = read_front(arguments.front);
    std::vector<std::string> ids = arguments.points;
    if (ids.empty()) {
      for (const PointRecord& point : document.points) ids.push_back(point.id);
    }
    for (const std::string& id : ids) {
      rows.push_back(
          {id, candidate_of_point(bench, document, id, arguments.front), {}, {}, {}, 0, {}, 0});
    }
  }
  for (Row& row : rows) row.cost = bench.cost(row.candidate.assignment);
  return rows;
}

/// Trains one row with one seed. Runs one after the other, each on all threads, so that their times
/// compare.
void run(const Workbench& bench, Row& row, std::uint64_t seed) {
  TrainingHooks hooks;
  hooks.stop_requested = interruption_requested;
  const TrainingResult result =
      train(bench.graph, row.candidate.assignment, bench.training_data(true),
            bench.training_options(row.candidate, seed), hooks);
  if (result.status == TrainingStatus::stopped) {
    throw Error("", "interrupted", "run the same command again", ExitCode::interrupted);
  }
  row.diverged += result.status == TrainingStatus::diverged ? 1 : 0;
  row.test_accuracy.push_back(result.test_accuracy);
  row.validation_accuracy.push_back(result.validation_accuracy);
  row.elapsed_seconds.push_back(result.elapsed_seconds);
  row.steps = result.steps;
}

std::string percent(const Spread& spread) {
  return fmt::format("{:6.2f} ± {:.2f}", 100 * spread.mean, 100 * spread.deviation);
}

void print_table(const std::vector<Row>& rows) {
  std::size_t width = 9;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  fmt::print("{:<{}}  {:>16}  {:>16}  {:>14}  {:>19}  {:>19}\n", "candidate", width,
             "test accuracy %", "validation %", "elapsed s", "energy a step", "latency a step");
  const Row& first = rows.front();
  for (const Row& row : rows) {
    const Spread elapsed = spread_of(row.elapsed_seconds);
    fmt::print(
        "{:<{}}  {:>16}  {:>16}  {:>14}  {:>10} {:>7.3f}x  {:>10} {:>7.3f}x{}\n", row.name, width,
        percent(spread_of(row.test_accuracy)), percent(spread_of(row.validation_accuracy)),
        fmt::format("{:.2f} ± {:.2f}", elapsed.mean, elapsed.deviation),
        with_si_prefix(row.cost.energy_pj * 1e-12, "J"), row.cost.energy_pj / first.cost.energy_pj,
        with_si_prefix(row.cost.latency_seconds, "s"),
        row.cost.latency_seconds / first.cost.latency_seconds,
        row.diverged > 0 ? fmt::format("  diverged: {}", row.diverged) : "");
  }
}

nlohmann::ordered_json rows_json(const Workbench& bench, const std::vector<Row>& rows) {
  nlohmann::ordered_json document;
  document["scenario"] = bench.scenario.name;
  document["seeds"] = bench.scenario.compare.seeds;
  for (const Row& row : rows) {
    document["candidates"].push_back({{"name", row.name},
                                      {"test_accuracy", row.test_accuracy},
                                      {"validation_accuracy", row.validation_accuracy},
                                      {"elapsed_seconds", row.elapsed_seconds},
                                      {"diverged", row.diverged},
                                      {"steps", row.steps},
                                      {"energy_pj_per_step", row.cost.energy_pj},
                                      {"latency_s_per_step", row.cost.latency_seconds},
                                      {"area_mm2", row.cost.area_mm2},
                                      {"assignment", to_json(row.candidate.assignment)}});
  }
  return document;
}

ExitCode compare_command(const CompareArguments& arguments, bool quiet) {
  if (!arguments.json.empty()) require_writable(arguments.json);
  Workbench bench = open_workbench(arguments.scenario);
  if (!arguments.seeds.empty()) bench.scenario.compare.seeds = arguments.seeds;
  std::vector<Row> rows = rows_of(arguments, bench);
  if (rows.empty())
    throw Error(arguments.scenario + "#/compare/recipes", "names nothing to compare",
                "name a recipe or give --front");
  catch_interruptions();
  Progress progress(quiet);
  progress.say("data: " + bench.data.description);
  const std::vector<std::uint64_t>& seeds = bench.scenario.compare.seeds;
  const auto total = static_cast<double>(rows.size() * seeds.size());
  double done = 0;
  for (Row& row : rows) {
    for (const std::uint64_t seed : seeds) {
      progress.update(done / total, fmt::format("{}, seed {}", row.name, seed));
      run(bench, row, seed);
      ++done;
    }
    progress.say(
        fmt::format("{}: test accuracy {} %", row.name, percent(spread_of(row.test_accuracy))));
  }
  progress.update(1, "done");
  print_table(rows);
  if (!arguments.json.empty())
    write_file_atomically(arguments.json, rows_json(bench, rows).dump(2) + "\n");
  return ExitCode::success;
}

}  // namespace

void add_compare_command(CLI::App& app, const CommonOptions& common, Action& action) {
  auto* command = app.add_subcommand(
      "compare", "Train recipes and points of a front over several seeds, side by side");
  auto arguments = std::make_shared<CompareArguments>();
  command
      ->add_option("scenario", arguments->scenario,
                   "scenario file; its compare/recipes and compare/seeds are the start")
      ->required();
  auto* front =
      command->add_option("--front", arguments->front, "also compare points of this pareto.json");
  command->add_option("--points", arguments->points, "ids of the points (p1,p7); all if absent")
      ->delimiter(',')
      ->needs(front);
  command->add_option("--seeds", arguments->seeds, "training seeds instead of the scenario's")
      ->delimiter(',');
  command->add_option("--json", arguments->json, "also write the figures to this file");
  command->footer(
      "Figures are means and sample standard deviations over the seeds; energy and latency are "
      "modelled.\n"
      "example: mantissa compare scenarios/quickstart.json --front results/quickstart/pareto.json "
      "--points p1,p4");
  command->callback([&common, &action, arguments] {
    action = [&common, arguments] { return compare_command(*arguments, common.quiet); };
  });
}

}  // namespace mantissa
