#pragma once

#include <functional>

#include "support/error.h"

namespace CLI {
class App;
}

namespace mantissa {

/// What every command may ask of the command line.
struct CommonOptions {
  int threads = 0;     ///< 0: as many as this process may use; never changes a result
  bool quiet = false;  ///< no progress, only results and errors
};

/// Set by the subcommand that was chosen; run by `main` once parsing is over.
using Action = std::function<ExitCode()>;

/// Each adds one subcommand to the command line and lives in `command_<name>.cpp`. Its CLI11
/// callback stores what to do in `action`; the work itself throws Error.
void add_formats_command(CLI::App& app, const CommonOptions& common, Action& action);
void add_inspect_command(CLI::App& app, const CommonOptions& common, Action& action);
void add_train_command(CLI::App& app, const CommonOptions& common, Action& action);
void add_explore_command(CLI::App& app, const CommonOptions& common, Action& action);
void add_compare_command(CLI::App& app, const CommonOptions& common, Action& action);
void add_profile_command(CLI::App& app, const CommonOptions& common, Action& action);
void add_report_command(CLI::App& app, const CommonOptions& common, Action& action);
void add_scenario_reference_command(CLI::App& app, const CommonOptions& common, Action& action);

}  // namespace mantissa
