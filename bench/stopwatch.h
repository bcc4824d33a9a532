#pragma once

#include <functional>
#include <vector>

namespace mantissa::bench {

/// The shortest time of one call of each single-threaded candidate, in seconds of processor time:
/// what other programs use of a busy machine is not in it. Measured by Google Benchmark, whose
/// repetitions of all candidates are interleaved at random, so that a busy machine slows them alike
/// and their ratios hold.
std::vector<double> shortest_times(const std::vector<std::function<void()>>& candidates);

}  // namespace mantissa::bench
