#include "moo/crowding.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <doctest/doctest.h>

#include "support/random.h"

namespace mantissa {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Rows = std::vector<std::vector<double>>;

std::vector<Point> points_of(const Rows& rows) {
  std::vector<Point> points;
  points.reserve(rows.size());
  for (const auto& row : rows) points.push_back({row, 0});
  return points;
}

Rows random_rows(std::size_t count, std::size_t objectives, RandomSequence& random) {
  Rows rows(count);
  for (auto& row : rows) {
    for (std::size_t m = 0; m < objectives; ++m) row.push_back(random.uniform());
  }
  return rows;
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
  for (const Crowding crowding : {Crowding::published, Crowding::sequential}) {
    CHECK(least_crowded(points, 3, crowding).members == std::vector<std::size_t>{0, 4, 5});
    CHECK(least_crowded(points, 9, crowding).members.size() == 6);
    CHECK(least_crowded(points, 0, crowding).members.empty());
  }
}

TEST_CASE("sequential truncation keeps one of a tight pair, the published one may drop both") {
  // Two pairs close together. All four have small distances at once, but when one of a pair has
  // gone the other is lonely.
  const Rows rows = {{0, 10}, {3, 7}, {3.1, 6.9}, {5, 5}, {7, 3}, {7.1, 2.9}, {10, 0}};
  const std::vector<std::size_t> stay =
      least_crowded(points_of(rows), 5, Crowding::sequential).members;
  CHECK(stay.size() == 5);
  CHECK(std::ranges::count_if(stay, [](std::size_t i) { return i == 1 || i == 2; }) == 1);
  CHECK(std::ranges::count_if(stay, [](std::size_t i) { return i == 4 || i == 5; }) == 1);
}

TEST_CASE("vicinity distances are those computed by hand") {
  // Scaled to the unit cube as they are. The last member's three nearest are at squared distances
  // 0.75 (the three corners that meet at the far side) and the ends are infinite.
  const Rows rows = {{0, 0, 1}, {0, 1, 0}, {1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.25}};
  const std::vector<double> distances = vicinity_distances(points_of(rows));
  CHECK(distances[0] == kInfinity);
  CHECK(distances[1] == kInfinity);
  CHECK(distances[2] == kInfinity);
  // Neighbours of (.5,.5,.5): (.5,.5,.25) at 1/16, two corners at 3/4.
  CHECK(distances[3] == doctest::Approx(0.0625 * 0.75 * 0.75));
  // Neighbours of (.5,.5,.25): 1/16, and (0,1,0), (1,0,0) at 9/16.
  CHECK(distances[4] == doctest::Approx(0.0625 * 0.5625 * 0.5625));
}

TEST_CASE("vicinity distances of small and equal fronts are never NaN") {
  CHECK(vicinity_distances({}).empty());
  CHECK(vicinity_distances(points_of({{1, 1, 1}})) == std::vector<double>{kInfinity});
  const std::vector<double> equal =
      vicinity_distances(points_of({{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}));
  CHECK(std::ranges::count(equal, 0.0) >= 3);
  CHECK(std::ranges::count_if(equal, [](double d) { return std::isnan(d); }) == 0);
}

/// Sequential truncation by its definition: all distances anew after each removal, scaled as in the
/// whole front (whose ends stay while anything else is left).
std::vector<std::size_t> cut_by_definition(
    const Rows& rows, std::size_t keep,
    const std::function<std::vector<double>(std::span<const Point>)>& measure) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < rows.size(); ++i) members.push_back(i);
  while (members.size() > keep) {
    Rows left;
    for (const std::size_t i : members) left.push_back(rows[i]);
    const std::vector<double> distances = measure(points_of(left));
    const auto most = std::ranges::min_element(distances);
    if (*most == kInfinity) break;
    members.erase(members.begin() + (most - distances.begin()));
  }
  return members;
}

TEST_CASE("sequential truncation agrees with measuring all distances anew after each removal") {
  RandomSequence random(RandomKey{2});
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t count = 3 + random.below(30);
    const std::size_t objectives = 2 + random.below(3);
    const Rows rows = random_rows(count, objectives, random);
    const std::vector<std::size_t> expected =
        cut_by_definition(rows, random.below(static_cast<std::uint32_t>(count)),
                          objectives == 2 ? crowding_distances : vicinity_distances);
    const Survivors stay = least_crowded(points_of(rows), expected.size(), Crowding::sequential);
    CHECK(stay.members == expected);
    CHECK(stay.distances.size() == expected.size());
  }
}

TEST_CASE("the survivors' distances are those of the front that is left") {
  RandomSequence random(RandomKey{3});
  for (const std::size_t objectives : {2U, 3U, 4U}) {
    const Rows rows = random_rows(40, objectives, random);
    const Survivors stay = least_crowded(points_of(rows), 25, Crowding::sequential);
    Rows left;
    for (const std::size_t i : stay.members) left.push_back(rows[i]);
    const std::vector<double> expected =
        objectives == 2 ? crowding_distances(points_of(left)) : vicinity_distances(points_of(left));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK((stay.distances[i] == expected[i] ||
             stay.distances[i] == doctest::Approx(expected[i]).epsilon(1e-12)));
    }
  }
}

}  // namespace
}  // namespace mantissa
