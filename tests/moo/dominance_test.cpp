#include "moo/dominance.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "support/random.h"

namespace mantissa {
namespace {

using Rows = std::vector<std::vector<double>>;

std::vector<Point> points_of(const Rows& rows, const std::vector<double>& violations = {}) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    points.push_back({rows[i], violations.empty() ? 0 : violations[i]});
  }
  return points;
}

/// Fronts by their definition: peel off whatever nobody left dominates.
std::vector<std::vector<std::size_t>> peel(const std::vector<Point>& points) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < points.size(); ++i) left.push_back(i);
  std::vector<std::vector<std::size_t>> fronts;
  while (!left.empty()) {
    std::vector<std::size_t> front;
    for (const std::size_t i : left) {
      const bool dominated =
          std::ranges::any_of(left, [&](std::size_t j) { return dominates(points[j], points[i]); });
      if (!dominated) front.push_back(i);
    }
    std::erase_if(left, [&](std::size_t i) { return std::ranges::count(front, i) > 0; });
    fronts.push_back(front);
  }
  return fronts;
}

/// Coordinates from a small grid, so that ties and equal points are common.
Rows random_rows(std::size_t count, std::size_t objectives, std::uint32_t levels,
                 RandomSequence& random) {
  Rows rows(count);
  for (auto& row : rows) {
    for (std::size_t m = 0; m < objectives; ++m) row.push_back(random.below(levels));
  }
  return rows;
}

TEST_CASE("constrained domination follows definition 1 of Deb et al. 2002") {
  const std::vector<double> low = {1, 2};
  const std::vector<double> high = {2, 2};
  const std::vector<double> aside = {0, 3};
  CHECK(dominates({low, 0}, {high, 0}));
  CHECK_FALSE(dominates({high, 0}, {low, 0}));
  CHECK_FALSE(dominates({low, 0}, {low, 0}));
  CHECK_FALSE(dominates({low, 0}, {aside, 0}));
  CHECK_FALSE(dominates({aside, 0}, {low, 0}));
  CHECK(dominates({high, 0}, {low, 0.1}));
  CHECK(dominates({high, 0.1}, {low, 0.2}));
  CHECK_FALSE(dominates({low, 0.2}, {high, 0.2}));
}

TEST_CASE("the sort finds the fronts of the definition, with ties, equal points and constraints") {
  RandomSequence random(RandomKey{1});
  for (int trial = 0; trial < 600; ++trial) {
    const std::size_t count = random.below(40);
    const std::size_t objectives = 1 + random.below(4);
    const Rows rows = random_rows(count, objectives, 2 + random.below(8), random);
    std::vector<double> violations;
    for (std::size_t i = 0; i < count; ++i) {
      violations.push_back(trial % 2 == 0 ? 0 : std::max(0.0, random.below(5) - 2.0));
    }
    const std::vector<Point> points = points_of(rows, violations);
    CHECK(non_dominated_fronts(points) == peel(points));
  }
}

}  // namespace
}  // namespace mantissa
