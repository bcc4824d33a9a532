#pragma once

#include <algorithm>
#include <ctime>
#include <functional>
#include <limits>
#include <vector>

namespace mantissa::bench {

/// Processor time of this thread in seconds: what other programs use of a busy machine is not in
/// it.
inline double thread_seconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The shortest time of one call of each single-threaded candidate, in seconds. Candidates take
/// turns, so that a busy machine slows them alike and their ratios hold.
inline std::vector<double> shortest_times(const std::vector<std::function<void()>>& candidates,
                                          int rounds = 7, double seconds_each = 0.02) {
  std::vector<double> shortest(candidates.size(), std::numeric_limits<double>::infinity());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      double elapsed = 0;
      while (elapsed < seconds_each) {
        const double before = thread_seconds();
        candidates[i]();
        const double time = thread_seconds() - before;
        shortest[i] = std::min(shortest[i], time);
        elapsed += time;
      }
    }
  }
  return shortest;
}

}  // namespace mantissa::bench
