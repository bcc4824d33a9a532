#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace mantissa {

/// Calls `body(begin, end)` on disjoint ranges that cover [0, count), possibly at once on several
/// threads of the current oneTBB arena. Ranges hold at least `grain` indices (but for the last).
/// While it waits, a thread takes no work from outside of this loop, so a training run never nests
/// another on its stack.
///
/// Results must not depend on how the ranges are cut: split outputs, never a reduction.
void parallel_for(std::int64_t count, std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body);

/// Runs `task(i)` for i in [0, count), each as one unit, on the threads of the current arena: for
/// whole training runs side by side.
void parallel_tasks(std::size_t count, const std::function<void(std::size_t)>& task);

/// Runs `body` in an arena of `threads` threads (0: as many as this process may use).
void with_threads(int threads, const std::function<void()>& body);

/// Threads of the current arena.
int available_threads();

}  // namespace mantissa
