#include "moo/nsga2.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "moo/hypervolume.h"
#include "support/error.h"
#include "support/test_problems.h"

namespace mantissa {
namespace {

using Evaluate = std::function<Evaluated(const Genome&)>;

/// Six decisions of three candidates: a cost that falls with the level, an error that rises, both
/// with interactions so that the front is not a straight line.
Evaluated small_problem(const Genome& genome) {
  double cost = 0;
  double error = 0;
  for (std::size_t i = 0; i < genome.size(); ++i) {
    cost += (2.0 - genome[i]) * static_cast<double>(1 + i);
    error += genome[i] * genome[i] * static_cast<double>(7 - i % 4);
    if (i > 0) error += genome[i] * genome[i - 1] * 1.5;
  }
  return {genome, {error, cost}, 0};
}

IntegerSpace small_space() {
  IntegerSpace space;
  space.cardinalities.assign(6, 3);
  return space;
}

std::vector<Evaluated> evaluate_all(const std::vector<Genome>& genomes, const Evaluate& evaluate) {
  std::vector<Evaluated> results;
  results.reserve(genomes.size());
  for (const Genome& genome : genomes) results.push_back(evaluate(genome));
  return results;
}

/// All that one generation of a search shows.
struct Trace {
  std::vector<std::vector<Genome>> asked;
  std::vector<Genome> population;
  std::vector<Genome> archive;
  friend bool operator==(const Trace&, const Trace&) = default;
};

Trace trace(Nsga2& optimizer, int generations, const Evaluate& evaluate, bool backwards = false) {
  Trace result;
  for (int i = 0; i < generations; ++i) {
    result.asked.push_back(optimizer.ask());
    std::vector<Evaluated> results = evaluate_all(optimizer.ask(), evaluate);
    if (backwards) std::ranges::reverse(results);
    optimizer.tell(results);
  }
  for (const Evaluated& member : optimizer.population()) result.population.push_back(member.genome);
  for (const Evaluated& member : optimizer.archive()) result.archive.push_back(member.genome);
  return result;
}

std::vector<Genome> every_genome(const IntegerSpace& space) {
  std::vector<Genome> genomes = {Genome(space.cardinalities.size(), 0)};
  while (true) {
    Genome next = genomes.back();
    std::size_t i = 0;
    while (i < next.size() && ++next[i] == space.cardinalities[i]) next[i++] = 0;
    if (i == next.size()) return genomes;
    genomes.push_back(next);
  }
}

/// The genomes of the true front, by comparing every genome with every other.
std::set<Genome> true_front(const IntegerSpace& space, const Evaluate& evaluate) {
  const std::vector<Evaluated> all = evaluate_all(every_genome(space), evaluate);
  std::set<Genome> front;
  for (const Evaluated& one : all) {
    const bool dominated = std::ranges::any_of(
        all, [&](const Evaluated& other) { return dominates(other.point(), one.point()); });
    if (!dominated) front.insert(one.genome);
  }
  return front;
}

TEST_CASE("half of a space of 729 genomes gives nine tenths of its true front, all of it all") {
  const std::set<Genome> truth = true_front(small_space(), small_problem);
  CHECK(truth.size() == 40);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Nsga2 optimizer(small_space(), {.population = 20}, RandomKey{seed});
    const auto found = [&] {
      return std::ranges::count_if(optimizer.archive(), [&](const Evaluated& member) {
        return truth.contains(member.genome);
      });
    };
    // A random half would hold 20 of the 40, standard deviation 3.
    while (optimizer.evaluations() + 20 <= 364) {
      optimizer.tell(evaluate_all(optimizer.ask(), small_problem));
    }
    CHECK(found() >= 36);
    while (!optimizer.ask().empty()) {
      optimizer.tell(evaluate_all(optimizer.ask(), small_problem));
    }
    CHECK(found() == 40);
    CHECK(optimizer.archive().size() == 40);
  }
}

TEST_CASE("a search that goes on evaluates each genome of the space once and then asks for none") {
  Nsga2 optimizer(small_space(), {.population = 24}, RandomKey{1});
  std::set<Genome> seen;
  int idle = 0;
  while (idle < 3) {
    const std::vector<Genome> genomes = optimizer.ask();
    idle = genomes.empty() ? idle + 1 : 0;
    for (const Genome& genome : genomes) CHECK(seen.insert(genome).second);
    optimizer.tell(evaluate_all(genomes, small_problem));
    CHECK(optimizer.population().size() == 24);
  }
  CHECK(seen.size() == 729);
  CHECK(optimizer.evaluations() == 729);
}

TEST_CASE("the same key gives the same generations, another key others") {
  Nsga2 one(small_space(), {.population = 12}, RandomKey{3});
  Nsga2 two(small_space(), {.population = 12}, RandomKey{3});
  Nsga2 other(small_space(), {.population = 12}, RandomKey{4});
  const Trace first = trace(one, 10, small_problem);
  CHECK(first == trace(two, 10, small_problem));
  CHECK(first.asked != trace(other, 10, small_problem).asked);
}

TEST_CASE("the order in which results come back changes nothing") {
  Nsga2 forwards(small_space(), {.population = 13}, RandomKey{5});
  Nsga2 backwards(small_space(), {.population = 13}, RandomKey{5});
  CHECK(trace(forwards, 12, small_problem) == trace(backwards, 12, small_problem, true));
}

TEST_CASE("a search replayed from its log goes on as if it had not stopped") {
  std::map<Genome, Evaluated> log;
  const Evaluate logged = [&](const Genome& genome) {
    return log.emplace(genome, small_problem(genome)).first->second;
  };
  Nsga2 whole(small_space(), {.population = 16}, RandomKey{6});
  const Trace expected = trace(whole, 9, logged);

  int fresh = 0;
  std::map<Genome, Evaluated> kept;  // stopped in the middle of generation 4
  for (std::size_t i = 0; i < 4; ++i) {
    for (const Genome& genome : expected.asked[i]) kept.emplace(genome, log.at(genome));
  }
  for (std::size_t i = 0; i < 7; ++i) {
    kept.emplace(expected.asked[4][i], log.at(expected.asked[4][i]));
  }
  const std::size_t logged_before = kept.size();
  Nsga2 resumed(small_space(), {.population = 16}, RandomKey{6});
  const Trace actual = trace(resumed, 9, [&](const Genome& genome) {
    const auto [entry, is_new] = kept.emplace(genome, Evaluated{});
    if (is_new) {
      ++fresh;
      entry->second = small_problem(genome);
    }
    return entry->second;
  });
  CHECK(actual == expected);
  CHECK(static_cast<std::size_t>(fresh) + logged_before == log.size());
}

TEST_CASE(
    "seeds are evaluated first, in order, each once, even if they are more than the population") {
  const std::vector<Genome> seeds = {
      {2, 2, 2, 2, 2, 2}, {0, 0, 0, 0, 0, 0}, {2, 2, 2, 2, 2, 2}, {1, 1, 1, 1, 1, 1}};
  Nsga2 few(small_space(), {.population = 8}, RandomKey{7}, seeds);
  CHECK(few.ask().size() == 8);
  CHECK(few.ask()[0] == seeds[0]);
  CHECK(few.ask()[1] == seeds[1]);
  CHECK(few.ask()[2] == seeds[3]);
  const std::vector<Genome> all = every_genome(small_space());
  Nsga2 many(small_space(), {.population = 8}, RandomKey{7}, all);
  CHECK(many.ask() == all);
  many.tell(evaluate_all(many.ask(), small_problem));
  CHECK(many.population().size() == 8);
  CHECK(many.ask().empty());
}

TEST_CASE(
    "a generation has as many children as are asked for, the first as many as the population") {
  for (const std::size_t children : {1U, 2U, 5U, 30U}) {
    Nsga2 optimizer(small_space(), {.population = 12, .children = children}, RandomKey{14});
    CHECK(optimizer.ask().size() == 12);
    for (int i = 0; i < 4; ++i) {
      optimizer.tell(evaluate_all(optimizer.ask(), small_problem));
      CHECK(optimizer.population().size() == 12);
      CHECK(optimizer.ask().size() == children);
    }
  }
}

TEST_CASE("the archive holds exactly the non-dominated evaluations") {
  std::vector<Evaluated> all;
  const auto three_objectives = [&](const Genome& genome) {
    Evaluated result = small_problem(genome);
    result.objectives.push_back(std::fabs(genome[0] - genome[3]) + genome[5] % 2);
    if (genome[1] == 2) result.violation = genome[2];
    return result;
  };
  for (const std::size_t objectives : {2U, 3U}) {
    all.clear();
    Nsga2 optimizer(small_space(), {.population = 15}, RandomKey{8});
    for (int i = 0; i < 12; ++i) {
      std::vector<Evaluated> results = evaluate_all(optimizer.ask(), three_objectives);
      for (Evaluated& result : results) result.objectives.resize(objectives);
      all.insert(all.end(), results.begin(), results.end());
      optimizer.tell(results);
      std::set<Genome> expected;
      for (const Evaluated& one : all) {
        const bool dominated = std::ranges::any_of(
            all, [&](const Evaluated& other) { return dominates(other.point(), one.point()); });
        if (!dominated) expected.insert(one.genome);
      }
      std::set<Genome> actual;
      for (const Evaluated& member : optimizer.archive()) actual.insert(member.genome);
      CHECK(actual == expected);
      CHECK(actual.size() == optimizer.archive().size());
      CHECK(std::ranges::is_sorted(optimizer.archive(), {}, &Evaluated::objectives));
    }
  }
}

TEST_CASE("the archive's hypervolume never falls from one generation to the next") {
  Nsga2 optimizer(small_space(), {.population = 10}, RandomKey{9});
  double before = 0;
  for (int i = 0; i < 15; ++i) {
    optimizer.tell(evaluate_all(optimizer.ask(), small_problem));
    std::vector<std::vector<double>> front;
    for (const Evaluated& member : optimizer.archive()) front.push_back(member.objectives);
    const double volume = hypervolume(front, std::vector{300.0, 50.0});
    CHECK(volume >= before);
    before = volume;
  }
}

TEST_CASE("under constraints the population becomes feasible and stays so") {
  // Only genomes with gene 0 at its top are allowed, and the first generation has none.
  const auto constrained = [](const Genome& genome) {
    Evaluated result = small_problem(genome);
    result.violation = 2.0 - genome[0];
    return result;
  };
  std::vector<Genome> seeds;
  for (const Genome& genome : every_genome(small_space())) {
    if (genome[0] == 0 && seeds.size() < 20) seeds.push_back(genome);
  }
  Nsga2 optimizer(small_space(), {.population = 20}, RandomKey{10}, seeds);
  for (int i = 0; i < 12; ++i) optimizer.tell(evaluate_all(optimizer.ask(), constrained));
  for (const Evaluated& member : optimizer.population()) CHECK(member.violation == 0);
  for (const Evaluated& member : optimizer.archive()) CHECK(member.violation == 0);
}

TEST_CASE("results that cannot be used are refused and change nothing") {
  Nsga2 optimizer(small_space(), {.population = 6}, RandomKey{11});
  const std::vector<Genome> genomes = optimizer.ask();
  const std::vector<Evaluated> good = evaluate_all(genomes, small_problem);
  const auto refuses = [&](const std::function<void(std::vector<Evaluated>&)>& damage) {
    std::vector<Evaluated> bad = good;
    damage(bad);
    CHECK_THROWS_AS(optimizer.tell(bad), Error);
    CHECK(optimizer.ask() == genomes);
    CHECK(optimizer.generation() == 0);
    CHECK(optimizer.archive().empty());
  };
  refuses([](auto& bad) { bad[3].objectives[1] = NAN; });
  refuses([](auto& bad) { bad[3].objectives[0] = INFINITY; });
  refuses([](auto& bad) { bad[0].violation = NAN; });
  refuses([](auto& bad) { bad[0].violation = -1; });
  refuses([](auto& bad) { bad[5].objectives.push_back(0); });
  refuses([](auto& bad) { bad[0].objectives.clear(); });
  refuses([](auto& bad) { bad.pop_back(); });
  refuses([](auto& bad) { bad[1] = bad[0]; });
  refuses([](auto& bad) { bad[1].genome = {9, 9, 9, 9, 9, 9}; });
  optimizer.tell(good);
  CHECK(optimizer.generation() == 1);
  CHECK_THROWS_AS(optimizer.tell(good), Error);  // nothing was asked for since
  std::vector<Evaluated> other = evaluate_all(optimizer.ask(), small_problem);
  for (Evaluated& result : other) result.objectives.push_back(1);
  CHECK_THROWS_AS(optimizer.tell(other), Error);
}

TEST_CASE("options and seeds that cannot be used are refused") {
  CHECK_THROWS_AS(Nsga2(small_space(), {.population = 1}, RandomKey{}), Error);
  CHECK_THROWS_AS(Nsga2(small_space(), {.duplicate_retries = -1}, RandomKey{}), Error);
  CHECK_THROWS_AS(Nsga2(small_space(), {}, RandomKey{}, {{0, 0, 0}}), Error);
  CHECK_THROWS_AS(Nsga2(small_space(), {}, RandomKey{}, {{0, 0, 0, 3, 0, 0}}), Error);
  CHECK_THROWS_AS(Nsga2(IntegerSpace{}, {}, RandomKey{}), Error);
}

TEST_CASE("a space of one genome is evaluated once") {
  IntegerSpace space;
  space.cardinalities = {1, 1};
  Nsga2 optimizer(space, {.population = 4}, RandomKey{});
  CHECK(optimizer.ask() == std::vector<Genome>{{0, 0}});
  optimizer.tell(evaluate_all(optimizer.ask(), small_problem));
  CHECK(optimizer.ask().empty());
  optimizer.tell({});
  CHECK(optimizer.ask().empty());
}

TEST_CASE("real-coded NSGA-II reaches the fronts of ZDT1 and DTLZ2") {
  // The fronts' own hypervolumes: 1.21 - 1/3 = 0.8767, and 1.331 - pi/6 = 0.8074 (the box
  // without an eighth of the ball).
  const auto final_volume = [](const TestProblem& problem, int generations) {
    RealNsga2 optimizer(problem.space(), {.population = 100}, RandomKey{12});
    for (int i = 0; i < generations; ++i) {
      std::vector<RealNsga2::Entry> results;
      for (const auto& genome : optimizer.ask()) {
        results.push_back({genome, problem.evaluate(genome), 0});
      }
      optimizer.tell(results);
    }
    std::vector<std::vector<double>> front;
    for (const auto& member : optimizer.population()) front.push_back(member.objectives);
    return hypervolume(front, problem.reference);
  };
  CHECK(final_volume(test_problems::zdt1(), 200) > 0.865);
  CHECK(final_volume(test_problems::dtlz2(), 100) > 0.70);
}

}  // namespace
}  // namespace mantissa
