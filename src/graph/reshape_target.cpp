#include "graph/reshape_target.h"

#include <algorithm>

#include "support/error.h"

namespace mantissa {
namespace {

using Target = std::vector<std::int64_t>;

bool has_open_extent(const Target& target) {
  return std::find(target.begin(), target.end(), -1) != target.end();
}

/// Whether extent `axis` of the target can be written as "the input's".
bool copies_input(const PerBatch<Target>& targets, const ReshapeSituation& situation,
                  std::size_t axis) {
  if (!situation.zero_copies) return false;
  for (std::size_t probe = 0; probe < targets.size(); ++probe) {
    const Shape& input = situation.input[probe];
    if (axis >= input.rank() || input[axis] != targets[probe][axis]) return false;
  }
  return true;
}

Target from_computed(const PerBatch<Target>& targets, const ReshapeSituation& situation) {
  if (targets[0].size() != targets[1].size()) {
    throw Error("", "the rank of its target depends on the batch size");
  }
  Target settled = targets[0];
  std::size_t dependent = settled.size();
  for (std::size_t axis = 0; axis < settled.size(); ++axis) {
    if (targets[0][axis] == targets[1][axis]) continue;
    if (copies_input(targets, situation, axis)) {
      settled[axis] = 0;
      continue;
    }
    if (dependent < settled.size() || has_open_extent(targets[0])) {
      throw Error("", "more than one extent of its target depends on the batch size");
    }
    dependent = axis;
    settled[axis] = -1;
  }
  return settled;
}

/// Elements that a target without -1 asks for; 0 in it copies.
std::int64_t asked_elements(const Target& target, const ReshapeSituation& situation,
                            std::size_t probe) {
  std::int64_t elements = 1;
  for (std::size_t axis = 0; axis < target.size(); ++axis) {
    const Shape& input = situation.input[probe];
    const bool copied = target[axis] == 0 && situation.zero_copies && axis < input.rank();
    if (__builtin_mul_overflow(elements, copied ? input[axis] : target[axis], &elements)) return -1;
  }
  return elements;
}

}  // namespace

std::vector<std::int64_t> batch_free_target(const PerBatch<std::vector<std::int64_t>>& targets,
                                            const ReshapeSituation& situation) {
  if (targets[0] != targets[1]) return from_computed(targets, situation);
  Target target = targets[0];
  if (target.empty() || !situation.exported_fixed) return target;
  if (has_open_extent(target)) {
    // [1, -1] of an export with batch 1: the open extent would swallow the batch.
    const bool follows = situation.input[0].rank() > 0 &&
                         situation.input[0][0] == situation.batches[0] &&
                         situation.input[1][0] == situation.batches[1];
    if (follows && situation.zero_copies && target[0] == situation.batches[0]) target[0] = 0;
    return target;
  }
  const bool fits_exported = asked_elements(target, situation, 0) == situation.input[0].elements();
  const bool fits_other = asked_elements(target, situation, 1) == situation.input[1].elements();
  if (fits_exported && !fits_other) target[0] = -1;
  return target;
}

}  // namespace mantissa
