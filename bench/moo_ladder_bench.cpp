// The search for formats in small: 13 layers x 4 roles, each with a ladder of 6 candidates. Every
// step up a ladder divides a decision's error by four and adds to its cost; errors and costs of
// decisions add up. The front's supported points are known (the best error for each price of cost),
// so what a search reached is a share of their hypervolume. Medians of 11 seeds, on the archive.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "moo/hypervolume.h"
#include "moo/nsga2.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::size_t kLayers = 13;
constexpr std::size_t kRoles = 4;
constexpr std::size_t kGenes = kLayers * kRoles;
constexpr std::uint16_t kCandidates = 6;
constexpr std::size_t kSeeds = 11;
constexpr std::size_t kMarks[] = {200, 500, 1000, 2000};

struct Ladders {
  std::vector<double> sensitivity;
  std::vector<double> work;

  explicit Ladders(RandomKey key) {
    for (std::size_t i = 0; i < kGenes; ++i) {
      // Layers and roles differ by factors, as measured sensitivities and counted operations do.
      const auto spread = [&](const char* what, std::uint64_t at) {
        return std::exp(random_normal(key.child(what), at));
      };
      sensitivity.push_back(spread("layer error", i / kRoles) * spread("error", i));
      work.push_back(spread("layer work", i / kRoles) * spread("work", i));
    }
  }

  double error(std::size_t gene, unsigned candidate) const {
    return sensitivity[gene] * std::pow(0.25, candidate);
  }
  double cost(std::size_t gene, unsigned candidate) const { return work[gene] * (1 + candidate); }

  Evaluated evaluate(const Genome& genome) const {
    std::vector<double> sums = {0, 0};
    for (std::size_t i = 0; i < genome.size(); ++i) {
      sums[0] += error(i, genome[i]);
      sums[1] += cost(i, genome[i]);
    }
    return {genome, sums, 0};
  }

  /// From all lowest to all highest, each time the step that gains most for its cost; as gains of a
  /// ladder shrink, every point on the way is on the front.
  std::vector<std::vector<double>> supported_front() const {
    std::vector<std::pair<double, std::size_t>> steps;
    for (std::size_t i = 0; i < kGenes; ++i) {
      for (unsigned k = 0; k + 1U < kCandidates; ++k) {
        steps.emplace_back((error(i, k) - error(i, k + 1)) / (cost(i, k + 1) - cost(i, k)), i);
      }
    }
    std::ranges::sort(steps, std::greater<>());
    Genome genome(kGenes, 0);
    std::vector<std::vector<double>> front = {evaluate(genome).objectives};
    for (const auto& [gain, gene] : steps) {
      ++genome[gene];
      front.push_back(evaluate(genome).objectives);
    }
    return front;
  }
};

IntegerSpace ladder_space() {
  IntegerSpace space;
  space.cardinalities.assign(kGenes, kCandidates);
  space.groups.resize(kLayers + kRoles);
  for (std::uint32_t i = 0; i < kGenes; ++i) {
    space.groups[i / kRoles].push_back(i);
    space.groups[kLayers + i % kRoles].push_back(i);
  }
  return space;
}

struct Variant {
  std::string name;
  IntegerSpace space = ladder_space();
  Nsga2Options options;
  bool seeded = true;
};

/// The share of the known hypervolume at each mark.
std::vector<double> run(const Variant& variant, std::uint64_t seed) {
  const Ladders ladders(RandomKey{seed}.child("ladders"));
  const std::vector<std::vector<double>> known = ladders.supported_front();
  const std::vector<double> reference = {known.front()[0] * 1.01, known.back()[1] * 1.01};
  const double whole = hypervolume(known, reference);
  Nsga2 optimizer(variant.space, variant.options, RandomKey{seed},
                  variant.seeded ? uniform_genomes(variant.space) : std::vector<Genome>());
  std::vector<double> shares;
  for (const std::size_t mark : kMarks) {
    while (optimizer.evaluations() < mark) {
      std::vector<Evaluated> results;
      for (const Genome& genome : optimizer.ask()) results.push_back(ladders.evaluate(genome));
      optimizer.tell(results);
    }
    std::vector<std::vector<double>> front;
    for (const Evaluated& member : optimizer.archive()) front.push_back(member.objectives);
    shares.push_back(hypervolume(front, reference) / whole);
  }
  return shares;
}

void measure(const Variant& variant) {
  std::vector<std::vector<double>> shares(kSeeds);
  parallel_tasks(kSeeds, [&](std::size_t i) { shares[i] = run(variant, i + 1); });
  std::printf("%-46s", variant.name.c_str());
  for (std::size_t mark = 0; mark < std::size(kMarks); ++mark) {
    std::vector<double> values;
    for (const std::vector<double>& one : shares) values.push_back(one[mark]);
    std::ranges::sort(values);
    std::printf(" %8.4f", values[kSeeds / 2]);
  }
  std::printf("\n");
}

void measure_all() {
  std::printf("share of the known hypervolume after\n%-46s", "evaluations");
  for (const std::size_t mark : kMarks) std::printf(" %8zu", mark);
  std::printf("\n");
  const auto variant = [](const char* name, const std::function<void(Variant&)>& change) {
    Variant result;
    result.name = name;
    result.options.population = 40;
    change(result);
    measure(result);
  };
  variant("population 40, uniform seeds", [](Variant&) {});
  variant("without seeds", [](Variant& v) { v.seeded = false; });
  variant("without block moves", [](Variant& v) { v.space.block_probability = 0; });
  variant("block moves of random runs, not groups", [](Variant& v) { v.space.groups.clear(); });
  variant("block moves 0.3", [](Variant& v) { v.space.block_probability = 0.3; });
  variant("block moves 0.5", [](Variant& v) { v.space.block_probability = 0.5; });
  variant("mutations go anywhere", [](Variant& v) { v.space.step_probability = 0; });
  variant("mutations only step", [](Variant& v) { v.space.step_probability = 1; });
  variant("2 mutations a child", [](Variant& v) { v.space.mutation_probability = 2.0 / kGenes; });
  variant("4 mutations a child", [](Variant& v) { v.space.mutation_probability = 4.0 / kGenes; });
  variant("without crossover", [](Variant& v) { v.space.crossover_probability = 0; });
  variant("cut as published", [](Variant& v) { v.options.crowding = Crowding::published; });
  variant("20 children", [](Variant& v) { v.options.children = 20; });
  variant("8 children", [](Variant& v) { v.options.children = 8; });
  variant("population 20", [](Variant& v) { v.options.population = 20; });
  variant("population 100", [](Variant& v) { v.options.population = 100; });
}

}  // namespace
}  // namespace mantissa

int main() {
  mantissa::measure_all();
}
