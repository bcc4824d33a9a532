#include "moo/dominance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "support/random.h"

namespace mantissa {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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

TEST_CASE("crowding distances are those computed by hand") {
  // Extents 8 and 6. Second point: (4-0)/8 + (6-2)/6; third: (8-1)/8 + (4-0)/6.
  const Rows rows = {{0, 6}, {1, 4}, {4, 2}, {8, 0}};
  const std::vector<double> distances = crowding_distances(points_of(rows));
  CHECK(distances[0] == kInfinity);
  CHECK(distances[1] == doctest::Approx(4.0 / 8 + 4.0 / 6));
  CHECK(distances[2] == doctest::Approx(7.0 / 8 + 4.0 / 6));
  CHECK(distances[3] == kInfinity);
}

TEST_CASE("crowding of fronts of one, two and equal points is finite or infinite, never NaN") {
  CHECK(crowding_distances({}).empty());
  CHECK(crowding_distances(points_of({{1, 1}})) == std::vector<double>{kInfinity});
  CHECK(crowding_distances(points_of({{1, 2}, {2, 1}})) == std::vector{kInfinity, kInfinity});
  const std::vector<double> equal = crowding_distances(points_of({{1, 1}, {1, 1}, {1, 1}}));
  CHECK(equal == std::vector<double>{kInfinity, 0, kInfinity});
}

TEST_CASE("crowding truncation keeps the ends and the lonely") {
  const Rows rows = {{0, 10}, {1, 9}, {1.1, 8.9}, {1.2, 8.8}, {5, 5}, {10, 0}};
  const std::vector<Point> points = points_of(rows);
  for (const Truncation truncation : {Truncation::crowding, Truncation::sequential}) {
    CHECK(least_crowded(points, 3, truncation) == std::vector<std::size_t>{0, 4, 5});
    CHECK(least_crowded(points, 9, truncation).size() == 6);
    CHECK(least_crowded(points, 0, truncation).empty());
  }
}

TEST_CASE("sequential truncation keeps one of a tight pair, the published one may drop both") {
  // Two pairs close together. All four have small distances at once, but when one of a pair has
  // gone the other is lonely.
  const Rows rows = {{0, 10}, {3, 7}, {3.1, 6.9}, {5, 5}, {7, 3}, {7.1, 2.9}, {10, 0}};
  const std::vector<std::size_t> stay = least_crowded(points_of(rows), 5, Truncation::sequential);
  CHECK(stay.size() == 5);
  CHECK(std::ranges::count_if(stay, [](std::size_t i) { return i == 1 || i == 2; }) == 1);
  CHECK(std::ranges::count_if(stay, [](std::size_t i) { return i == 4 || i == 5; }) == 1);
}

TEST_CASE("sequential truncation agrees with measuring all distances anew after each removal") {
  RandomSequence random(RandomKey{2});
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t count = 3 + random.below(30);
    Rows rows(count);
    for (auto& row : rows) row = {random.uniform(), random.uniform(), random.uniform()};
    const std::size_t keep = random.below(static_cast<std::uint32_t>(count));
    const std::vector<double> first = crowding_distances(points_of(rows));
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < count; ++i) members.push_back(i);
    // The extents stay those of the whole front, as ends leave only when nothing else is left.
    while (members.size() > keep) {
      Rows left;
      for (const std::size_t i : members) left.push_back(rows[i]);
      const std::vector<double> distances = crowding_distances(points_of(left));
      if (*std::ranges::min_element(distances) == kInfinity) break;
      members.erase(members.begin() + (std::ranges::min_element(distances) - distances.begin()));
    }
    const std::vector<std::size_t> stay =
        least_crowded(points_of(rows), members.size(), Truncation::sequential);
    CHECK(stay == members);
  }
}

}  // namespace
}  // namespace mantissa
