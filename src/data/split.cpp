#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

#include "data/dataset.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// Hands out `total` units in proportion to `weights`, whole ones, by largest remainder (Hamilton's
/// method; ties to the lower class). No share exceeds its weight if `total` does not exceed the
/// sum.
std::vector<std::int64_t> apportion(std::int64_t total, const std::vector<std::int64_t>& weights) {
  const std::int64_t sum = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  std::vector<std::int64_t> shares;
  std::int64_t left = total;
  for (const std::int64_t weight : weights) {
    shares.push_back(total * weight / sum);
    left -= shares.back();
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::size_t i) { return total * weights[i] % sum; });
  for (std::int64_t i = 0; i < left; ++i) ++shares[order[static_cast<std::size_t>(i)]];
  return shares;
}

void shuffle(std::vector<std::int32_t>& values, RandomKey key) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[random_below(key, i, static_cast<std::uint32_t>(i))]);
  }
}

}  // namespace

std::vector<std::int32_t> shuffled(std::int64_t count, RandomKey key) {
  assert(count >= 0 && count <= std::numeric_limits<std::int32_t>::max());
  std::vector<std::int32_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, key);
  return order;
}

Split split(const Dataset& dataset, std::int64_t training_count, std::int64_t validation_count,
            RandomKey key) {
  if (training_count <= 0 || validation_count <= 0) {
    throw Error(dataset.name,
                "a split needs at least one training and one validation sample, not " +
                    std::to_string(training_count) + " and " + std::to_string(validation_count));
  }
  if (training_count > dataset.samples() || validation_count > dataset.samples() - training_count) {
    throw Error(dataset.name, "has " + std::to_string(dataset.samples()) + " samples, and " +
                                  std::to_string(training_count) + " for training with " +
                                  std::to_string(validation_count) +
                                  " for validation are asked for");
  }
  std::vector<std::vector<std::int32_t>> by_class(static_cast<std::size_t>(dataset.classes));
  for (const std::int32_t sample : shuffled(dataset.samples(), key.child("samples"))) {
    const std::int32_t label = dataset.labels[static_cast<std::size_t>(sample)];
    by_class[static_cast<std::size_t>(label)].push_back(sample);
  }
  std::vector<std::int64_t> sizes;
  sizes.reserve(by_class.size());
  for (const auto& members : by_class) sizes.push_back(std::ssize(members));
  const std::vector<std::int64_t> used = apportion(training_count + validation_count, sizes);
  const std::vector<std::int64_t> training = apportion(training_count, used);

  Split result;
  for (std::size_t label = 0; label < by_class.size(); ++label) {
    const auto begin = by_class[label].begin();
    result.training.insert(result.training.end(), begin, begin + training[label]);
    result.validation.insert(result.validation.end(), begin + training[label], begin + used[label]);
  }
  shuffle(result.training, key.child("training"));
  shuffle(result.validation, key.child("validation"));
  return result;
}

}  // namespace mantissa
