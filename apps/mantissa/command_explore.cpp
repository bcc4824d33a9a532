#include <chrono>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.h"
#include "front_builder.h"
#include "interruption.h"
#include "progress.h"
#include "report/csv.h"
#include "report/page.h"
#include "report/table.h"
#include "search/explore.h"
#include "support/files.h"
#include "tensor/parallel.h"
#include "workbench.h"

namespace mantissa {
namespace {

struct ExploreArguments {
  std::string scenario;
  std::string output;
  bool csv = false;
};

/// Where the results of a search go.
struct ResultFiles {
  std::filesystem::path folder;
  std::filesystem::path front() const { return folder / "pareto.json"; }
  std::filesystem::path table() const { return folder / "pareto.csv"; }
  std::filesystem::path page() const { return folder / "report.html"; }
};

std::vector<Baseline> baselines_of(const Workbench& bench) {
  std::vector<Baseline> baselines;
  for (const std::string& name : bench.scenario.search.baselines) {
    baselines.push_back({name, bench.named_candidate(name)});
  }
  return baselines;
}

std::string generation_line(const ExploreProgress& progress, const ExploreResult& result) {
  return fmt::format(
      "generation {:3}/{}  evaluated {:5}  front {:3}  hypervolume {:.5f}  diverged {}",
      progress.generation + 1, progress.generations, result.evaluated.size(), result.front.size(),
      progress.hypervolume, result.diverged);
}

ExploreHooks hooks_for(Progress& progress, const std::function<void(const ExploreResult&)>& save) {
  ExploreHooks hooks;
  hooks.stop_requested = interruption_requested;
  hooks.on_evaluation = [&progress](const ExploreProgress& now) {
    const double in_generation = now.generation_size == 0
                                     ? 1
                                     : static_cast<double>(now.done_in_generation) /
                                           static_cast<double>(now.generation_size);
    progress.update((now.generation + in_generation) / now.generations,
                    fmt::format("generation {}/{}, {}/{} trained", now.generation + 1,
                                now.generations, now.done_in_generation, now.generation_size));
  };
  hooks.on_generation = [&progress, save](const ExploreProgress& now, const ExploreResult& result) {
    progress.say(generation_line(now, result));
    save(result);
  };
  return hooks;
}

std::string resume_text(const ExploreArguments& arguments) {
  std::string command = "mantissa explore " + arguments.scenario;
  if (!arguments.output.empty()) command += " --output " + arguments.output;
  return command;
}

ExitCode explore_command(const ExploreArguments& arguments, const CommonOptions& common) {
  const auto start = std::chrono::steady_clock::now();
  Workbench bench = open_workbench(arguments.scenario);
  const ResultFiles files{arguments.output.empty() ? bench.scenario.output
                                                   : std::filesystem::path(arguments.output)};
  require_writable(files.front());
  const Candidate base = bench.candidate();
  const SearchSpace space(bench.scenario.search.space, base.assignment, bench.scenario.file);
  const std::vector<Baseline> baselines = baselines_of(bench);
  const WorkbenchEvaluator evaluator(bench);
  EvaluationStore store(files.folder);

  catch_interruptions();
  Progress progress(common.quiet);
  progress.say(fmt::format("{}: {} layers of {}, {} decisions, {:.3g} assignments",
                           bench.scenario.name, bench.layer_names.size(),
                           bench.scenario.model.filename().string(), space.sites().size(),
                           space.genomes().size()));
  progress.say("data: " + bench.data.description);
  if (store.resumed() > 0)
    progress.say(fmt::format("resuming with {} finished evaluations", store.resumed()));

  const auto document_of = [&](const ExploreResult& result) {
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return front_document(bench, space, result, available_threads(), elapsed);
  };
  const ExploreHooks hooks = hooks_for(progress, [&](const ExploreResult& partial) {
    write_front(files.front(), document_of(partial));
  });
  const ExploreResult result =
      explore(space, evaluator, store, bench.scenario.search, base.loss_scaling, baselines, hooks);
  const FrontDocument document = document_of(result);
  write_front(files.front(), document);
  if (result.interrupted) {
    throw Error("",
                fmt::format("interrupted with {} evaluations saved in {}", store.size(),
                            files.folder.string()),
                "to go on: " + resume_text(arguments), ExitCode::interrupted);
  }
  if (arguments.csv) write_csv(files.table(), document);
  write_report(files.page(), document);
  fmt::print("{}\nfront  {}\npage   {}\n", front_table(document), files.front().string(),
             files.page().string());
  if (arguments.csv) fmt::print("table  {}\n", files.table().string());
  return ExitCode::success;
}

}  // namespace

void add_explore_command(CLI::App& app, const CommonOptions& common, Action& action) {
  auto* command = app.add_subcommand(
      "explore", "Search formats for every layer and role; write the Pareto front");
  auto arguments = std::make_shared<ExploreArguments>();
  command->add_option("scenario", arguments->scenario, "scenario file")->required();
  command->add_option("-o,--output", arguments->output,
                      "folder of results instead of the scenario's");
  command->add_flag("--csv", arguments->csv, "also write pareto.csv");
  command->footer(
      "Writes pareto.json, report.html and evaluations.jsonl. Interrupted at any moment, the same "
      "command goes on.\n"
      "example: mantissa explore scenarios/quickstart.json --output results/first");
  command->callback([&common, &action, arguments] {
    action = [&common, arguments] { return explore_command(*arguments, common); };
  });
}

}  // namespace mantissa
