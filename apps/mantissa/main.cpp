#include <cstdio>
#include <exception>
#include <new>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "commands.h"
#include "support/build_info.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

int as_int(ExitCode code) {
  return static_cast<int>(code);
}

/// Messages go to stderr, so that stdout holds results alone.
void set_up_logging(bool quiet) {
  auto logger = spdlog::stderr_color_mt("mantissa");
  logger->set_pattern("%^%l%$: %v");
  logger->set_level(quiet ? spdlog::level::err : spdlog::level::info);
  spdlog::set_default_logger(logger);
}

int report(std::string_view text, ExitCode code) {
  std::fprintf(stderr, "error: %.*s\n", static_cast<int>(text.size()), text.data());
  return as_int(code);
}

int run(const CommonOptions& common, const Action& action) {
  set_up_logging(common.quiet);
  try {
    ExitCode code = ExitCode::success;
    with_threads(common.threads, [&] { code = action(); });
    return as_int(code);
  } catch (const Error& error) {
    return report(error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return report("out of memory", ExitCode::failure);
  } catch (const std::exception& error) {
    return report(std::string("internal fault: ") + error.what(), ExitCode::failure);
  }
}

}  // namespace
}  // namespace mantissa

int main(int argc, char** argv) {
  using namespace mantissa;  // NOLINT(google-build-using-namespace)
  CLI::App app(
      "mantissa: which number format each layer of a network needs while it trains, and what that "
      "costs in hardware",
      "mantissa");
  app.set_version_flag("--version", std::string("mantissa ") + build_info::kVersion + " (" +
                                        build_info::kGitRevision + ")");
  app.require_subcommand(1);
  app.fallthrough();

  CommonOptions common;
  app.add_option("-j,--threads", common.threads, "threads to use; 0: all; never changes a result")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_flag("-q,--quiet", common.quiet, "no progress, only results and errors");

  Action action;
  add_explore_command(app, common, action);
  add_train_command(app, common, action);
  add_compare_command(app, common, action);
  add_profile_command(app, common, action);
  add_report_command(app, common, action);
  add_inspect_command(app, common, action);
  add_formats_command(app, common, action);
  add_scenario_reference_command(app, common, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : as_int(ExitCode::bad_input);
  }
  return run(common, action);
}
