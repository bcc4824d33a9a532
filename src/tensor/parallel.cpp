#include "tensor/parallel.h"

#include <algorithm>

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

namespace mantissa {

void parallel_for(std::int64_t count, std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body) {
  if (count <= 0) return;
  if (count <= grain || tbb::this_task_arena::max_concurrency() == 1) {
    body(0, count);
    return;
  }
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, count, std::max<std::int64_t>(grain, 1)),
        [&](const tbb::blocked_range<std::int64_t>& range) { body(range.begin(), range.end()); });
  });
}

void parallel_tasks(std::size_t count, const std::function<void(std::size_t)>& task) {
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, count, 1),
      [&](const tbb::blocked_range<std::size_t>& range) {
        for (std::size_t i = range.begin(); i != range.end(); ++i) task(i);
      },
      tbb::simple_partitioner());
}

void with_threads(int threads, const std::function<void()>& body) {
  // oneTBB starts as many workers as there are cores unless it is told to start more.
  const std::size_t cores =
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  const tbb::global_control allowed(
      tbb::global_control::max_allowed_parallelism,
      std::max(cores, static_cast<std::size_t>(std::max(threads, 1))));
  tbb::task_arena arena(threads > 0 ? threads : tbb::task_arena::automatic);
  arena.execute(body);
}

int available_threads() {
  return tbb::this_task_arena::max_concurrency();
}

}  // namespace mantissa
