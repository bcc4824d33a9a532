#include "moo/hypervolume.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "support/error.h"
#include "support/random.h"

namespace mantissa {
namespace {

using Rows = std::vector<std::vector<double>>;

/// Points on a grid of `levels` below `levels`, dominated and equal ones among them.
Rows grid_rows(std::size_t count, std::size_t objectives, std::uint32_t levels,
               RandomSequence& random) {
  Rows rows(count);
  for (auto& row : rows) {
    for (std::size_t m = 0; m < objectives; ++m) row.push_back(random.below(levels));
  }
  return rows;
}

/// The number of unit cells of the grid that some point dominates.
double count_cells(const Rows& rows, std::size_t objectives, std::uint32_t levels) {
  std::vector<std::uint32_t> cell(objectives, 0);
  double count = 0;
  while (true) {
    count += std::ranges::any_of(rows, [&](const std::vector<double>& row) {
      return std::ranges::equal(row, cell, std::less_equal<>());
    });
    std::size_t m = 0;
    while (m < objectives && ++cell[m] == levels) cell[m++] = 0;
    if (m == objectives) return count;
  }
}

TEST_CASE("hypervolumes of small fronts are those computed by hand") {
  CHECK(hypervolume(Rows{}, std::vector{1.0, 1.0}) == 0);
  CHECK(hypervolume(Rows{{0.25}}, std::vector{1.0}) == 0.75);
  // Three steps under (4, 4): 3*1 + 2*1 + 1*1 = 6.
  CHECK(hypervolume(Rows{{1, 3}, {2, 2}, {3, 1}}, std::vector{4.0, 4.0}) == 6);
  // The boxes 1x2x3, 2x3x1 and 3x1x2 at the corner (3,3,3): each 6; every pair and the three share
  // 1x2x1, 1x1x2, 2x1x1 and 1x1x1: 18 - 6 + 1.
  CHECK(hypervolume(Rows{{2, 1, 0}, {1, 0, 2}, {0, 2, 1}}, std::vector{3.0, 3.0, 3.0}) == 13);
  // The same in four objectives, one thick along the fourth, and a box 1x1x1 two thick: 13 + 1.
  CHECK(hypervolume(Rows{{2, 1, 0, 1}, {1, 0, 2, 1}, {0, 2, 1, 1}, {2, 2, 2, 0}},
                    std::vector{3.0, 3.0, 3.0, 2.0}) == 14);
}

TEST_CASE("a point outside of the reference counts nothing") {
  const Rows inside = {{1, 3}, {2, 2}};
  const Rows more = {{1, 3}, {5, 0}, {2, 2}, {4, 1}, {0, 4}};
  CHECK(hypervolume(more, std::vector{4.0, 4.0}) == hypervolume(inside, std::vector{4.0, 4.0}));
}

TEST_CASE("hypervolume is exact on grids of one to five objectives") {
  RandomSequence random(RandomKey{1});
  for (int trial = 0; trial < 400; ++trial) {
    const std::size_t objectives = 1 + random.below(5);
    const std::uint32_t levels = 2 + random.below(objectives > 3 ? 4 : 7);
    const Rows rows = grid_rows(random.below(25), objectives, levels, random);
    const std::vector<double> reference(objectives, levels);
    CHECK(hypervolume(rows, reference) == count_cells(rows, objectives, levels));
  }
}

TEST_CASE(
    "hypervolume agrees with Monte Carlo on random fronts of two, three and four objectives") {
  RandomSequence random(RandomKey{2});
  for (std::size_t objectives = 2; objectives <= 4; ++objectives) {
    Rows rows(60);
    for (auto& row : rows) {
      double norm = 0;
      for (std::size_t m = 0; m < objectives; ++m) {
        row.push_back(random.uniform());
        norm += row.back() * row.back();
      }
      for (double& value : row) value = 1 - value / std::sqrt(norm);
    }
    const std::vector<double> reference(objectives, 1.0);
    constexpr int kDraws = 40000;
    int hits = 0;
    for (int i = 0; i < kDraws; ++i) {
      std::vector<double> place;
      for (std::size_t m = 0; m < objectives; ++m) place.push_back(random.uniform());
      hits += std::ranges::any_of(rows, [&](const std::vector<double>& row) {
        return std::ranges::equal(row, place, std::less_equal<>());
      });
    }
    const double estimate = static_cast<double>(hits) / kDraws;
    const double exact = hypervolume(rows, reference);
    // Five standard deviations of a binomial share.
    CHECK(std::fabs(exact - estimate) < 5 * std::sqrt(estimate * (1 - estimate) / kDraws));
  }
}

TEST_CASE("the order of points does not change a bit, and dominated points change nothing") {
  RandomSequence random(RandomKey{3});
  for (std::size_t objectives = 2; objectives <= 4; ++objectives) {
    Rows rows(40);
    for (auto& row : rows) {
      for (std::size_t m = 0; m < objectives; ++m) row.push_back(random.uniform());
    }
    const std::vector<double> reference(objectives, 1.0);
    const double volume = hypervolume(rows, reference);
    Rows reversed(rows.rbegin(), rows.rend());
    CHECK(hypervolume(reversed, reference) == volume);
    rows.push_back(rows[7]);
    CHECK(hypervolume(rows, reference) == doctest::Approx(volume).epsilon(1e-13));
    for (double& value : rows.back()) value = (value + 1) / 2;
    CHECK(hypervolume(rows, reference) == doctest::Approx(volume).epsilon(1e-13));
  }
}

TEST_CASE("hypervolume refuses what has no volume") {
  const std::vector<double> reference = {1, 1};
  CHECK_THROWS_AS(hypervolume(Rows{{0}}, reference), Error);
  CHECK_THROWS_AS(hypervolume(Rows{{0, NAN}}, reference), Error);
  CHECK_THROWS_AS(hypervolume(Rows{{0, -INFINITY}}, reference), Error);
  CHECK_THROWS_AS(hypervolume(Rows{{0, 0}}, std::vector<double>{1, NAN}), Error);
  CHECK_THROWS_AS(hypervolume(Rows{}, std::vector<double>{}), Error);
}

}  // namespace
}  // namespace mantissa
