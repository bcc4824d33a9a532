#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <vector>

namespace mantissa::bench {

/// The shortest time of one call of each candidate, in seconds. Candidates take turns, so that a
/// busy machine slows them alike and their ratios hold.
inline std::vector<double> shortest_times(const std::vector<std::function<void()>>& candidates,
                                          int rounds = 7, double seconds_each = 0.02) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> shortest(candidates.size(), std::numeric_limits<double>::infinity());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Clock::time_point start = Clock::now();
      double elapsed = 0;
      while (elapsed < seconds_each) {
        const Clock::time_point before = Clock::now();
        candidates[i]();
        const Clock::time_point after = Clock::now();
        shortest[i] = std::min(shortest[i], std::chrono::duration<double>(after - before).count());
        elapsed = std::chrono::duration<double>(after - start).count();
      }
    }
  }
  return shortest;
}

}  // namespace mantissa::bench
