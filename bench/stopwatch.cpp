#include "stopwatch.h"

#include <algorithm>
#include <limits>
#include <string>

#include <benchmark/benchmark.h>

namespace mantissa::bench {
namespace {

/// Keeps the shortest repetition of each candidate, whose name is its index.
class ShortestReporter : public benchmark::BenchmarkReporter {
 public:
  explicit ShortestReporter(std::size_t candidates)
      : seconds_(candidates, std::numeric_limits<double>::infinity()) {}

  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      double& shortest = seconds_[std::stoul(run.run_name.function_name)];
      shortest = std::min(shortest, run.cpu_accumulated_time / static_cast<double>(run.iterations));
    }
  }

  const std::vector<double>& seconds() const { return seconds_; }

 private:
  std::vector<double> seconds_;
};

void set_up_once() {
  static const bool done = [] {
    std::string program = "bench";
    std::string interleaving = "--benchmark_enable_random_interleaving=true";
    char* arguments[] = {program.data(), interleaving.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

std::vector<double> shortest_times(const std::vector<std::function<void()>>& candidates) {
  set_up_once();
  benchmark::ClearRegisteredBenchmarks();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::function<void()>& candidate = candidates[i];
    benchmark::RegisterBenchmark(std::to_string(i).c_str(),
                                 [&candidate](benchmark::State& state) {
                                   for ([[maybe_unused]] auto iteration : state) candidate();
                                 })
        ->Repetitions(7)
        ->MinTime(0.02);
  }
  ShortestReporter reporter(candidates.size());
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.seconds();
}

}  // namespace mantissa::bench
