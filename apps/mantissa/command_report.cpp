#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "commands.h"
#include "report/csv.h"
#include "report/page.h"
#include "report/table.h"
#include "support/files.h"

namespace mantissa {
namespace {

struct Arguments {
  std::filesystem::path front;
  std::filesystem::path page;
  std::filesystem::path csv;
  bool table = false;
};

ExitCode report(const Arguments& arguments) {
  const FrontDocument document = read_front(arguments.front);
  const bool only_others = arguments.page.empty() && (arguments.table || !arguments.csv.empty());
  if (!only_others) {
    const std::filesystem::path page =
        arguments.page.empty()
            ? std::filesystem::path(arguments.front).replace_filename("report.html")
            : arguments.page;
    require_writable(page);
    if (!page_has_charts()) {
      spdlog::warn(
          "this mantissa was built without its charting library, so the page has no charts");
    }
    write_report(page, document);
    fmt::print("{}\n", page.string());
  }
  if (!arguments.csv.empty()) {
    require_writable(arguments.csv);
    write_csv(arguments.csv, document);
    fmt::print("{}\n", arguments.csv.string());
  }
  if (arguments.table) fmt::print("{}", front_table(document));
  return ExitCode::success;
}

}  // namespace

void add_report_command(CLI::App& app, const CommonOptions&, Action& action) {
  CLI::App* command =
      app.add_subcommand("report", "Make a page, a CSV table or a terminal table of a front");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("front", arguments->front, "pareto.json, as explore writes it")->required();
  command->add_option("-o,--output", arguments->page,
                      "the page to write; without it report.html beside the front, unless --csv or "
                      "--table is given");
  command->add_option("--csv", arguments->csv, "also write the points as CSV to this file");
  command->add_flag("--table", arguments->table, "also print the front as a table");
  command->callback([arguments, &action] { action = [arguments] { return report(*arguments); }; });
}

}  // namespace mantissa
