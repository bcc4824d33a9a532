#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace mantissa::test {

/// What a run of the program left.
struct CommandResult {
  int exit_code = -1;  ///< 128 + signal if it was killed
  std::string out;
  std::string err;
};

/// Runs `mantissa` with these arguments and `input` on its standard input, in `folder` (empty: this
/// one).
CommandResult run_mantissa(const std::vector<std::string>& arguments, const std::string& input = "",
                           const std::filesystem::path& folder = {});

/// The same, but sends `signal` once `file` has at least `lines` lines, or after ten seconds.
CommandResult run_and_signal(const std::vector<std::string>& arguments, int signal,
                             const std::filesystem::path& file, std::size_t lines);

/// A scenario that takes a second: a tiny network on 600 of the shipped digits.
std::string small_scenario();

/// pareto.json without what may differ between two runs.
std::string comparable_front(const std::filesystem::path& file);

}  // namespace mantissa::test
