#include "moo/space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <doctest/doctest.h>

#include "support/error.h"

namespace mantissa {
namespace {

IntegerSpace ladder_space(std::vector<std::uint16_t> cardinalities) {
  IntegerSpace space;
  space.cardinalities = std::move(cardinalities);
  return space;
}

RealSpace box(std::vector<double> lower, std::vector<double> upper) {
  RealSpace space;
  space.lower = std::move(lower);
  space.upper = std::move(upper);
  return space;
}

TEST_CASE("integer variation never leaves the space and never changes a gene without a choice") {
  RandomSequence random(RandomKey{1});
  for (int trial = 0; trial < 300; ++trial) {
    IntegerSpace space;
    const std::size_t genes = 1 + random.below(12);
    for (std::size_t i = 0; i < genes; ++i) {
      space.cardinalities.push_back(static_cast<std::uint16_t>(1 + random.below(7)));
    }
    space.mutation_probability = random.uniform();
    space.step_probability = random.uniform();
    space.block_probability = random.uniform();
    if (trial % 3 == 0) space.groups = {{0}, {0, static_cast<std::uint32_t>(genes - 1)}, {}};
    space.check();
    Genome a = space.draw(random);
    Genome b = space.draw(random);
    for (int i = 0; i < 50; ++i) {
      space.cross(a, b, random);
      space.mutate(a, random);
      REQUIRE(space.contains(a));
      REQUIRE(space.contains(b));
    }
  }
}

TEST_CASE("crossover only trades genes between its parents, at their places") {
  const IntegerSpace space = ladder_space(std::vector<std::uint16_t>(20, 100));
  RandomSequence random(RandomKey{2});
  int crossed = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Genome a = space.draw(random);
    const Genome b = space.draw(random);
    Genome x = a;
    Genome y = b;
    space.cross(x, y, random);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const bool kept = x[i] == a[i] && y[i] == b[i];
      const bool traded = x[i] == b[i] && y[i] == a[i];
      CHECK((kept || traded));
    }
    crossed += static_cast<int>(x != a && x != b);
  }
  CHECK(crossed > 150);
}

TEST_CASE("most mutations are one step on the ladder, some go anywhere") {
  IntegerSpace space = ladder_space({50});
  space.mutation_probability = 1;
  space.block_probability = 0;
  std::map<int, int> moves;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    RandomSequence random(RandomKey{i});
    Genome genome = {25};
    space.mutate(genome, random);
    ++moves[genome[0] - 25];
  }
  CHECK(moves[0] == 0);
  // 0.8 / 2 of 4000, and 0.2 / 49 of the rest: 1616 each, standard deviation 31.
  CHECK(std::abs(moves[1] - 1616) < 160);
  CHECK(std::abs(moves[-1] - 1616) < 160);
  CHECK(moves.size() > 45);
}

TEST_CASE("at the end of a ladder a step goes inward") {
  IntegerSpace space = ladder_space({2, 2, 2, 2});
  space.mutation_probability = 1;
  space.block_probability = 0;
  RandomSequence random(RandomKey{3});
  Genome genome = {0, 1, 0, 1};
  space.mutate(genome, random);
  CHECK(genome == Genome{1, 0, 1, 0});
}

TEST_CASE("a block move shifts the whole group one step where there is room") {
  IntegerSpace space = ladder_space({4, 4, 4, 4});
  space.block_probability = 1;
  space.groups = {{0, 2, 3}};
  for (std::uint64_t i = 0; i < 20; ++i) {
    RandomSequence random(RandomKey{i});
    Genome genome = {1, 1, 0, 3};
    space.mutate(genome, random);
    CHECK((genome == Genome{2, 1, 1, 3} || genome == Genome{0, 1, 0, 2}));
  }
}

TEST_CASE("uniform genomes stand at the same height of every ladder, ends included") {
  const std::vector<Genome> genomes = uniform_genomes(ladder_space({5, 3, 1, 2}));
  CHECK(genomes ==
        std::vector<Genome>{{0, 0, 0, 0}, {1, 1, 0, 0}, {2, 1, 0, 1}, {3, 2, 0, 1}, {4, 2, 0, 1}});
  CHECK(uniform_genomes(ladder_space({1, 1})) == std::vector<Genome>{{0, 0}});
}

TEST_CASE("spaces that cannot be searched are refused") {
  CHECK_THROWS_AS(ladder_space({}).check(), Error);
  CHECK_THROWS_AS(ladder_space({3, 0}).check(), Error);
  IntegerSpace space = ladder_space({3});
  space.groups = {{1}};
  CHECK_THROWS_AS(space.check(), Error);
  space = ladder_space({3});
  space.step_probability = 1.5;
  CHECK_THROWS_AS(space.check(), Error);
  space.step_probability = NAN;
  CHECK_THROWS_AS(space.check(), Error);
  CHECK_THROWS_AS(box({0}, {1, 2}).check(), Error);
  CHECK_THROWS_AS(box({}, {}).check(), Error);
  CHECK_THROWS_AS(box({1}, {0}).check(), Error);
  CHECK_THROWS_AS(box({0}, {INFINITY}).check(), Error);
  RealSpace real = box({0}, {1});
  real.crossover_index = -1;
  CHECK_THROWS_AS(real.check(), Error);
}

TEST_CASE("real variation never leaves the box, at its faces too") {
  RandomSequence random(RandomKey{4});
  for (int trial = 0; trial < 2000; ++trial) {
    RealSpace space = box({-1, 0, 5, -1e9}, {1, 1e-300, 5, 1e9});
    space.mutation_probability = 1;
    space.crossover_index = random.below(30);
    space.mutation_index = random.below(30);
    RealSpace::Genome a = space.draw(random);
    RealSpace::Genome b = space.draw(random);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (random.below(3) == 0) a[i] = space.lower[i];
      if (random.below(3) == 0) b[i] = space.upper[i];
    }
    space.cross(a, b, random);
    space.mutate(a, random);
    space.mutate(b, random);
    REQUIRE(space.contains(a));
    REQUIRE(space.contains(b));
  }
}

TEST_CASE("simulated binary crossover has the spread of its density far from the bounds") {
  // Deb & Agrawal 1995: the spread factor b is below 1 with probability 1/2, and P(b <= t) for t <
  // 1 is t^(eta+1) / 2.
  RealSpace space = box({-1e6}, {1e6});
  space.crossover_probability = 1;
  space.crossover_index = 2;
  int crossed = 0;
  int contracted = 0;
  int below_half = 0;
  double drift = 0;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    RandomSequence random(RandomKey{i});
    RealSpace::Genome a = {-1};
    RealSpace::Genome b = {1};
    space.cross(a, b, random);
    if (a[0] == -1 && b[0] == 1) continue;
    ++crossed;
    const double spread = std::fabs(a[0] - b[0]) / 2;
    contracted += static_cast<int>(spread <= 1);
    below_half += static_cast<int>(spread <= 0.5);
    drift += std::fabs(a[0] + b[0]);
  }
  CHECK(std::abs(crossed - 10000) < 400);  // each gene with probability 1/2
  CHECK(static_cast<double>(contracted) / crossed == doctest::Approx(0.5).epsilon(0.04));
  CHECK(static_cast<double>(below_half) / crossed == doctest::Approx(0.0625).epsilon(0.15));
  CHECK(drift / crossed < 1e-3);  // children are symmetric about their parents' middle
}

TEST_CASE(
    "polynomial mutation has the spread of its density far from the bounds and within them near") {
  // P(|d| <= t) = 1 - (1 - t)^(eta+1) in the middle of the box, where the cut is negligible.
  RealSpace space = box({0}, {1});
  space.mutation_probability = 1;
  space.mutation_index = 20;
  int near = 0;
  int up = 0;
  int up_from_floor = 0;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    RandomSequence random(RandomKey{i});
    RealSpace::Genome genome = {0.5};
    space.mutate(genome, random);
    near += static_cast<int>(std::fabs(genome[0] - 0.5) <= 0.03);
    up += static_cast<int>(genome[0] > 0.5);
    genome = {0};
    space.mutate(genome, random);
    up_from_floor += static_cast<int>(genome[0] > 0);
  }
  CHECK(near / 20000.0 == doctest::Approx(1 - std::pow(0.97, 21)).epsilon(0.03));
  CHECK(up / 20000.0 == doctest::Approx(0.5).epsilon(0.03));
  CHECK(up_from_floor / 20000.0 == doctest::Approx(0.5).epsilon(0.03));
}

}  // namespace
}  // namespace mantissa
