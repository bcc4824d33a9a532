#pragma once

#include <span>
#include <vector>

#include "moo/dominance.h"
#include "moo/space.h"

namespace mantissa {

/// A genome and what its evaluation gave.
template <typename GenomeType>
struct BasicEvaluated {
  GenomeType genome;
  std::vector<double> objectives;  ///< all minimised, all finite
  double violation = 0;            ///< of constraints; 0: feasible

  Point point() const { return {objectives, violation}; }
};

using Evaluated = BasicEvaluated<Genome>;

/// Every non-dominated evaluation ever made, without bound: a population of fixed size must drop
/// points of its front, this never does. While no feasible point is known, the least infeasible
/// ones.
template <typename GenomeType>
class Archive {
 public:
  using Entry = BasicEvaluated<GenomeType>;

  /// Takes the entry in unless a member dominates it, and drops the members that it dominates.
  /// O(log N) comparisons for two objectives, O(N) for more. Returns whether it was taken in.
  bool insert(Entry entry);

  /// Sorted by objectives, lexicographically, then by genome.
  std::span<const Entry> entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

extern template class Archive<Genome>;
extern template class Archive<RealSpace::Genome>;

}  // namespace mantissa
