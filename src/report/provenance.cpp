#include "report/provenance.h"

#include <array>
#include <ctime>
#include <fstream>

#include "support/build_info.h"

namespace mantissa {
namespace {

/// What follows `key` and its separator on the first line of the file that begins with `key`.
std::string value_in_file(const char* path, std::string_view key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const std::size_t at = line.find(separator);
    if (at == std::string::npos) continue;
    const std::size_t first = line.find_first_not_of(" \t\"", at + 1);
    const std::size_t last = line.find_last_not_of(" \t\"");
    if (first == std::string::npos || last < first) continue;
    return line.substr(first, last - first + 1);
  }
  return "unknown";
}

}  // namespace

ToolFacts this_tool() {
  return {"mantissa", build_info::kVersion, build_info::kGitRevision, build_info::kCompiler};
}

MachineFacts this_machine(int threads) {
  return {value_in_file("/proc/cpuinfo", "model name", ':'), threads,
          value_in_file("/etc/os-release", "PRETTY_NAME", '=')};
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

}  // namespace mantissa
