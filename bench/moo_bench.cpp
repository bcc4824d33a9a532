// Our NSGA-II beside pagmo 2's on published test problems: hypervolume of the final population of
// 100 after 25,100 evaluations, over 11 seeds.
//
//   moo_bench [PROBLEM...]     all problems if none is named
//
// pagmo    cr 0.9, eta_c 15, m 1/n, eta_m 20; its defaults are weaker
// twin     ours as published, with pagmo's settings: shows that both are the same algorithm
// equal    ours, cut one by one and without duplicates, with pagmo's settings
// ours     the same with 50 children a generation, cr 1, eta_c 15, m 0.75/n, eta_m 20, for all
// problems archive  every non-dominated evaluation of `ours`
//
// Exits with 1 if the median of `ours` is below pagmo's anywhere.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <pagmo/problems/dtlz.hpp>
#include <pagmo/problems/zdt.hpp>

#include "moo/hypervolume.h"
#include "moo/nsga2.h"
#include "support/test_problems.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::size_t kPopulation = 100;
constexpr unsigned kGenerations = 250;  // after the first: 100 * (1 + 250) evaluations
constexpr std::size_t kSeeds = 11;

using Front = std::vector<std::vector<double>>;

pagmo::problem pagmo_problem(const TestProblem& problem) {
  const auto number = static_cast<unsigned>(problem.name.back() - '0');
  if (problem.name.starts_with("ZDT")) {
    return pagmo::problem(pagmo::zdt(number, static_cast<unsigned>(problem.lower.size())));
  }
  return pagmo::problem(pagmo::dtlz(number, problem.lower.size(), problem.objectives));
}

/// Both programs must solve the same problem.
bool same_problem(const TestProblem& problem) {
  const pagmo::problem theirs = pagmo_problem(problem);
  if (theirs.get_bounds() != std::pair(problem.lower, problem.upper)) return false;
  RandomSequence random(RandomKey{1});
  for (int i = 0; i < 100; ++i) {
    const std::vector<double> x = problem.space().draw(random);
    const std::vector<double> a = problem.evaluate(x);
    const std::vector<double> b = theirs.fitness(x);
    const bool same = std::ranges::equal(a, b, [](double p, double q) {
      return std::fabs(p - q) <= 1e-9 * (std::fabs(p) + std::fabs(q));
    });
    if (!same) return false;
  }
  return true;
}

struct OurFronts {
  Front population;
  Front archive;
};

RealSpace pagmo_settings(const TestProblem& problem) {
  RealSpace space = problem.space();
  space.crossover_probability = 0.9;
  space.crossover_index = 15;
  space.mutation_probability = 1 / static_cast<double>(space.lower.size());
  space.mutation_index = 20;
  return space;
}

RealSpace our_settings(const TestProblem& problem) {
  RealSpace space = problem.space();
  space.crossover_probability = 1;
  space.crossover_index = 15;
  space.mutation_probability = 0.75 / static_cast<double>(space.lower.size());
  space.mutation_index = 20;
  return space;
}

OurFronts run_ours(const TestProblem& problem, const RealSpace& space, const Nsga2Options& options,
                   std::uint64_t seed) {
  RealNsga2 optimizer(space, options, RandomKey{seed});
  while (optimizer.evaluations() < kPopulation * (1 + kGenerations)) {
    std::vector<RealNsga2::Entry> results;
    for (const RealSpace::Genome& genome : optimizer.ask()) {
      results.push_back({genome, problem.evaluate(genome), 0});
    }
    optimizer.tell(results);
  }
  OurFronts fronts;
  for (const auto& member : optimizer.population()) fronts.population.push_back(member.objectives);
  for (const auto& member : optimizer.archive()) fronts.archive.push_back(member.objectives);
  return fronts;
}

Front run_pagmo(const TestProblem& problem, unsigned seed) {
  const double mutation = 1 / static_cast<double>(problem.lower.size());
  const pagmo::algorithm algorithm{pagmo::nsga2(kGenerations, 0.9, 15, mutation, 20, seed)};
  return algorithm.evolve(pagmo::population(pagmo_problem(problem), kPopulation, seed)).get_f();
}

struct Quartiles {
  double lower = 0;
  double median = 0;
  double upper = 0;
  double range() const { return upper - lower; }
};

Quartiles quartiles(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t n = values.size();
  return {values[n / 4], values[n / 2], values[n - 1 - n / 4]};
}

struct Row {
  Quartiles ours;
  Quartiles archive;
  Quartiles equal;
  Quartiles twin;
  Quartiles pagmo;
};

Row measure(const TestProblem& problem) {
  std::vector<std::vector<double>> volumes(5, std::vector<double>(kSeeds));
  const auto volume = [&](const Front& front) { return hypervolume(front, problem.reference); };
  const Nsga2Options options = {.population = kPopulation};
  const Nsga2Options published = {
      .population = kPopulation, .crowding = Crowding::published, .duplicate_retries = 0};
  parallel_tasks(kSeeds, [&](std::size_t i) {
    Nsga2Options half = options;
    half.children = kPopulation / 2;
    const OurFronts ours = run_ours(problem, our_settings(problem), half, i + 1);
    volumes[0][i] = volume(ours.population);
    volumes[1][i] = volume(ours.archive);
    const RealSpace theirs = pagmo_settings(problem);
    volumes[2][i] = volume(run_ours(problem, theirs, options, i + 1).population);
    volumes[3][i] = volume(run_ours(problem, theirs, published, i + 1).population);
    volumes[4][i] = volume(run_pagmo(problem, static_cast<unsigned>(i + 1)));
  });
  return {quartiles(volumes[0]), quartiles(volumes[1]), quartiles(volumes[2]),
          quartiles(volumes[3]), quartiles(volumes[4])};
}

void print(const Quartiles& value) {
  std::printf("  %.5f (%.5f)", value.median, value.range());
}

int run(std::span<char*> names) {
  std::printf(
      "median hypervolume of %zu seeds (distance between quartiles), population %zu, "
      "%zu evaluations\n%-7s  %-17s  %-17s  %-17s  %-17s  %-17s  %s\n",
      kSeeds, kPopulation, kPopulation * (1 + kGenerations), "problem", "ours", "equal", "twin",
      "pagmo", "archive", "ours / pagmo");
  bool all_reached = true;
  for (const TestProblem& problem : test_problems::all()) {
    if (!names.empty() && std::ranges::count(names, problem.name) == 0) continue;
    if (!same_problem(problem)) {
      std::printf("%s: our definition and pagmo's differ\n", problem.name.c_str());
      return 1;
    }
    const Row row = measure(problem);
    const bool reached = row.ours.median >= row.pagmo.median;
    all_reached = all_reached && reached;
    std::printf("%-7s", problem.name.c_str());
    for (const Quartiles* column : {&row.ours, &row.equal, &row.twin, &row.pagmo, &row.archive}) {
      print(*column);
    }
    std::printf("  %.4f%s\n", row.ours.median / row.pagmo.median, reached ? "" : " below pagmo");
    std::fflush(stdout);
  }
  return all_reached ? 0 : 1;
}

}  // namespace
}  // namespace mantissa

int main(int argc, char** argv) {
  return mantissa::run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
}
