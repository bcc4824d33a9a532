#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <vector>

#include "moo/archive.h"
#include "moo/crowding.h"
#include "moo/dominance.h"
#include "moo/space.h"
#include "support/random.h"

namespace mantissa {

struct Nsga2Options {
  std::size_t population = 100;  ///< members that survive a generation; at least 2
  /// Children of a generation; 0: as many as the population, as published. Fewer, down to the
  /// number that can be evaluated at once, let good children become parents sooner (Durillo et al.,
  /// "On the effect of the steady-state selection scheme in multi-objective genetic algorithms",
  /// EMO 2009).
  std::size_t children = 0;
  Crowding crowding = Crowding::sequential;
  /// A child equal to a genome that was asked for before is mutated again, up to so many times;
  /// then random genomes are tried as often; then the child is given up and the generation is
  /// smaller.
  int duplicate_retries = 50;
};

/// NSGA-II (Deb, Pratap, Agarwal & Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002): non-dominated
/// sort, crowding distance, binary tournaments by the crowded comparison, constrained domination,
/// and the best of parents and children as the next parents. Beyond the paper: no genome is
/// evaluated twice, every non-dominated evaluation is archived, and by default a front is cut one
/// point at a time.
///
/// The caller evaluates, as parallel as it likes:
///
///     while (...) {
///       const std::vector<Genome> genomes = optimizer.ask();
///       optimizer.tell(evaluate(genomes));
///     }
///
/// Every random choice is keyed by (key, generation, child), and results are put in the order of
/// `ask` before anything is done with them. So the same key and the same results give the same
/// generations: on any number of threads, and when a stopped search is replayed from its log by the
/// same loop.
///
/// Breeding (`ask`) and survival (`tell`) share nothing but the population, so that a variant that
/// breeds child by child while others are still evaluated can be built from the same parts.
template <typename Space>
class BasicNsga2 {
 public:
  using GenomeType = typename Space::Genome;
  using Entry = BasicEvaluated<GenomeType>;

  /// `seeds` are evaluated first, in their order and each once, all of them in generation 0 even if
  /// they are more than the population; random genomes fill it up. Throws Error for options or
  /// seeds that cannot be used.
  BasicNsga2(Space space, Nsga2Options options, RandomKey key,
             const std::vector<GenomeType>& seeds = {});

  /// The genomes to evaluate next, each new and different from the others. The same until `tell`.
  /// Empty when nothing new could be bred: the space is as good as exhausted.
  const std::vector<GenomeType>& ask();

  /// Takes the results of all genomes of `ask`, in any order, and forms the next population. Throws
  /// Error and changes nothing if a genome is missing, unknown or there twice, if an objective is
  /// not finite, a violation negative or NaN, or the number of objectives differs from before.
  void tell(std::span<const Entry> results);

  int generation() const { return generation_; }  ///< how often `tell` was called
  std::size_t evaluations() const { return evaluations_; }

  /// Sorted by rank; members of rank 0 are the population's front.
  std::span<const Entry> population() const { return population_; }
  std::span<const Entry> archive() const { return archive_.entries(); }

 private:
  void make_first_generation(const std::vector<GenomeType>& seeds);
  void breed();
  std::vector<std::size_t> choose_parents(std::size_t count) const;
  void add_child(GenomeType child, RandomSequence& random);
  std::vector<Entry> in_asked_order(std::span<const Entry> results) const;
  void survive(std::vector<Entry> candidates);

  Space space_;
  Nsga2Options options_;
  RandomKey key_;
  int generation_ = 0;
  std::size_t evaluations_ = 0;
  bool asked_ = false;
  std::vector<GenomeType> pending_;  // what `ask` gave out
  std::set<GenomeType> known_;       // everything it ever gave out
  std::vector<Entry> population_;
  std::vector<std::size_t> rank_;  // of each member
  std::vector<double> crowding_;   // of each member
  Archive<GenomeType> archive_;
};

extern template class BasicNsga2<IntegerSpace>;
extern template class BasicNsga2<RealSpace>;

using Nsga2 = BasicNsga2<IntegerSpace>;
using RealNsga2 = BasicNsga2<RealSpace>;

}  // namespace mantissa
