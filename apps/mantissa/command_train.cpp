#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.h"
#include "event_table.h"
#include "front_builder.h"
#include "interruption.h"
#include "progress.h"
#include "report/front_document.h"
#include "support/files.h"
#include "support/text.h"
#include "training/trainer.h"
#include "workbench.h"

namespace mantissa {
namespace {

struct TrainArguments {
  std::string scenario;
  std::string recipe;
  std::string front;
  std::string point;
  std::string save;
  std::int64_t seed = -1;
  int epochs = 0;
};

void apply(const TrainArguments& arguments, Workbench& bench) {
  if (arguments.seed >= 0)
    bench.scenario.training.seed = static_cast<std::uint64_t>(arguments.seed);
  if (arguments.epochs > 0) bench.scenario.training.epochs = arguments.epochs;
}

Candidate chosen_candidate(const TrainArguments& arguments, const Workbench& bench) {
  if (!arguments.front.empty())
    return candidate_of_point(bench, read_front(arguments.front), arguments.point, arguments.front);
  return arguments.recipe.empty() ? bench.candidate() : bench.named_candidate(arguments.recipe);
}

std::string epoch_line(const EpochResult& epoch) {
  return fmt::format(
      "epoch {:3}  loss {:.4f}  training {:6.2f} %  validation loss {:.4f}  validation {:6.2f} %  "
      "{}",
      epoch.epoch, epoch.training_loss, 100 * epoch.training_accuracy, epoch.validation_loss,
      100 * epoch.validation_accuracy, duration_text(epoch.elapsed_seconds));
}

void print_summary(const TrainingResult& result, const StepCost& cost) {
  if (result.status == TrainingStatus::diverged) fmt::print("diverged: {}\n", result.status_reason);
  fmt::print("test accuracy        {:.2f} %\n", 100 * result.test_accuracy);
  fmt::print("validation accuracy  {:.2f} %\n", 100 * result.validation_accuracy);
  fmt::print("elapsed time         {:.2f} s for {} steps", result.elapsed_seconds, result.steps);
  if (result.skipped_steps > 0) fmt::print(" ({} skipped by loss scaling)", result.skipped_steps);
  const auto steps = static_cast<double>(result.steps);
  fmt::print("\nmodelled energy      {} a step, {} in all\n",
             with_si_prefix(cost.energy_pj * 1e-12, "J"),
             with_si_prefix(cost.energy_pj * 1e-12 * steps, "J"));
  fmt::print("modelled latency     {} a step, {} in all\n",
             with_si_prefix(cost.latency_seconds, "s"),
             with_si_prefix(cost.latency_seconds * steps, "s"));
}

ExitCode train_command(const TrainArguments& arguments, bool quiet) {
  if (!arguments.save.empty()) require_writable(arguments.save);
  Workbench bench = open_workbench(arguments.scenario);
  apply(arguments, bench);
  const Candidate candidate = chosen_candidate(arguments, bench);
  catch_interruptions();
  Progress progress(quiet);
  TrainingHooks hooks;
  hooks.stop_requested = interruption_requested;
  hooks.on_step = [&](std::int64_t step, std::int64_t steps, double loss) {
    progress.update(static_cast<double>(step) / static_cast<double>(steps),
                    fmt::format("step {}/{}, loss {:.4f}", step, steps, loss));
  };
  hooks.on_epoch = [&](const EpochResult& epoch) { progress.say(epoch_line(epoch)); };
  progress.say(fmt::format("training {} on {}", bench.graph.name, bench.data.description));
  const TrainingResult result =
      train(bench.graph, candidate.assignment, bench.training_data(true),
            bench.training_options(candidate, bench.scenario.training.seed), hooks);
  if (result.status == TrainingStatus::stopped) {
    throw Error("", "interrupted; nothing was saved", "run the same command again",
                ExitCode::interrupted);
  }
  print_summary(result, bench.cost(candidate.assignment));
  if (const std::string events = event_table(result.events, candidate.assignment);
      !events.empty()) {
    fmt::print(
        "\nwhat rounding did, in one of {} steps (of sums: in those that were followed)\n{}\n",
        kStepsPerCount, events);
  }
  if (!arguments.save.empty()) {
    std::vector<const Tensor*> parameters;
    for (const Tensor& parameter : result.parameters) parameters.push_back(&parameter);
    save_onnx(arguments.save, bench.graph, parameters);
    fmt::print("trained network      {}\n", arguments.save);
  }
  return ExitCode::success;
}

}  // namespace

void add_train_command(CLI::App& app, const CommonOptions& common, Action& action) {
  auto* command = app.add_subcommand("train", "Train one network in given formats");
  auto arguments = std::make_shared<TrainArguments>();
  command->add_option("scenario", arguments->scenario, "scenario file")->required();
  auto* recipe = command->add_option("--recipe", arguments->recipe,
                                     "instead of the scenario's assignment: fp32, amp-fp16, "
                                     "amp-bf16, or a format for every layer");
  auto* front =
      command
          ->add_option("--from", arguments->front,
                       "instead of the scenario's assignment: a point of this pareto.json ...")
          ->excludes(recipe);
  command->add_option("--point", arguments->point, "... with this id (p1, p2, ...)")->needs(front);
  front->needs(command->get_option("--point"));
  command->add_option("--seed", arguments->seed, "training seed instead of the scenario's")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--epochs", arguments->epochs, "epochs instead of the scenario's")
      ->check(CLI::PositiveNumber);
  command->add_option("--save", arguments->save, "write the trained network to this ONNX file");
  command->footer(
      "example: mantissa train scenarios/lenet5-fashion.json --recipe amp-bf16 --save "
      "trained.onnx");
  command->callback([&common, &action, arguments] {
    action = [&common, arguments] { return train_command(*arguments, common.quiet); };
  });
}

}  // namespace mantissa
