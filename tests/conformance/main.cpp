#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>

#include "case.h"
#include "ops/operator.h"

namespace mantissa::conformance {
namespace {

constexpr int kSkipped = 77;  // ctest's SKIP_RETURN_CODE
constexpr char kData[] = "/usr/include/onnx/backend/test/data";

std::vector<std::filesystem::path> folders() {
  std::vector<std::filesystem::path> found;
  for (const char* group : {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
    const auto root = std::filesystem::path(kData) / group;
    if (!std::filesystem::exists(root)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
      if (std::filesystem::exists(entry.path() / "model.onnx")) found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Subject -> how many of its cases passed when the line was written.
std::map<std::string, int> minimums() {
  std::map<std::string, int> counts;
  std::ifstream file(MANTISSA_CONFORMANCE_MINIMUMS);
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t blank = line.rfind(' ');
    if (line.empty() || line[0] == '#' || blank == std::string::npos) continue;
    counts[line.substr(0, blank)] = std::stoi(line.substr(blank + 1));
  }
  return counts;
}

struct Tally {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

void print(const std::map<std::string, Tally>& tallies, const std::map<std::string, int>& least) {
  std::cout << std::left << std::setw(28) << "subject" << std::right << std::setw(8) << "passed"
            << std::setw(8) << "least" << std::setw(8) << "skipped" << std::setw(8) << "failed\n";
  Tally sum;
  for (const auto& [subject, tally] : tallies) {
    sum.passed += tally.passed;
    sum.failed += tally.failed;
    sum.skipped += tally.skipped;
    const auto minimum = least.find(subject);
    if (tally.passed == 0 && tally.failed == 0 && minimum == least.end()) continue;
    std::cout << std::left << std::setw(28) << subject << std::right << std::setw(8) << tally.passed
              << std::setw(8) << (minimum == least.end() ? 0 : minimum->second) << std::setw(8)
              << tally.skipped << std::setw(7) << tally.failed << "\n";
  }
  std::cout << sum.passed << " passed, " << sum.failed << " failed, " << sum.skipped
            << " skipped\n";
}

/// Runs the cases of one subject, or all; false if one fails or fewer pass than the list of
/// minimums says.
bool run_all(const std::string& only) {
  std::map<std::string, Tally> tallies;
  std::map<std::string, int> reasons;
  for (const auto& folder : folders()) {
    for (const Outcome& outcome : run_case(folder, only)) {
      Tally& tally = tallies[outcome.subject];
      if (outcome.verdict == Verdict::passed) ++tally.passed;
      if (outcome.verdict == Verdict::skipped) {
        ++tally.skipped;
        ++reasons[outcome.reason];
      }
      if (outcome.verdict == Verdict::failed) {
        ++tally.failed;
        std::cout << "FAILED " << outcome.subject << ", " << outcome.folder << ": "
                  << outcome.reason << "\n";
      }
    }
  }
  const std::map<std::string, int> least = minimums();
  print(tallies, least);
  std::cout << "skipped, by reason:\n";
  for (const auto& [reason, count] : reasons)
    std::cout << std::setw(6) << count << "  " << reason << "\n";
  bool good = true;
  for (const auto& [subject, tally] : tallies) good = good && tally.failed == 0;
  for (const auto& [subject, count] : least) {
    if (!only.empty() && subject != only) continue;
    if (tallies[subject].passed >= count) continue;
    std::cout << subject << ": " << tallies[subject].passed << " cases pass where " << count
              << " did\n";
    good = false;
  }
  return good;
}

/// Every operator of the engine has a line in the list, so that its cases run.
bool list_is_complete() {
  const std::map<std::string, int> least = minimums();
  bool complete = true;
  for (const std::string& name : Registry<OperatorDefinition>::instance().names()) {
    if (least.count(name) > 0) continue;
    std::cout << "operator " << name << " has no line in " << MANTISSA_CONFORMANCE_MINIMUMS << "\n";
    complete = false;
  }
  return complete;
}

}  // namespace
}  // namespace mantissa::conformance

/// `test_conformance` runs everything, `test_conformance SUBJECT` the cases of one operator,
/// `test_conformance --list` checks the list of minimums.
int main(int argc, char** argv) {
  using namespace mantissa::conformance;
  const std::string only = argc > 1 ? argv[1] : "";
  if (only == "--list") return list_is_complete() ? EXIT_SUCCESS : EXIT_FAILURE;
  if (folders().empty()) {
    std::cout << "skipped: ONNX's test data is not in " << kData
              << " (Debian package libonnx-testdata)\n";
    return kSkipped;
  }
  return run_all(only) ? EXIT_SUCCESS : EXIT_FAILURE;
}
