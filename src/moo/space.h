#pragma once

#include <cstdint>
#include <vector>

#include "support/random.h"

namespace mantissa {

/// Gene i picks candidate genome[i] of decision i.
using Genome = std::vector<std::uint16_t>;

/// Genomes whose genes are places in ordered candidate lists ("ladders", such as formats from
/// narrow to wide), and how they are varied. Neighbours on a ladder are alike, so most mutations
/// are one step.
struct IntegerSpace {
  using Genome = mantissa::Genome;

  std::vector<std::uint16_t> cardinalities;  ///< candidates of each gene, each at least 1
  /// Genes that a block move shifts together (a layer's roles, a role over all layers). Empty: a
  /// block move takes a random run of neighbouring genes.
  std::vector<std::vector<std::uint32_t>> groups;

  double crossover_probability = 0.9;  ///< of a pair: uniform or two-point, each half of the time
  double mutation_probability = 0;     ///< of a gene; 0: one over the number of genes with a choice
  double step_probability = 0.8;   ///< a mutated gene moves one step, else to any other candidate
  double block_probability = 0.1;  ///< of a child: a whole block moves one step

  /// Throws Error unless all of the above can be used.
  void check() const;
  bool contains(const Genome& genome) const;
  double size() const;  ///< how many genomes there are; rounded, infinite beyond binary64

  Genome draw(RandomSequence& random) const;  ///< uniform
  void cross(Genome& a, Genome& b, RandomSequence& random) const;
  void mutate(Genome& genome, RandomSequence& random) const;
};

/// All genes at the same height of their ladders, from the lowest to the highest, as many as the
/// longest ladder has candidates: uniform assignments, the first seeds of a search.
std::vector<Genome> uniform_genomes(const IntegerSpace& space);

/// Vectors of real numbers in a box, varied by simulated binary crossover and polynomial mutation.
/// For continuous parameters, and for measuring the optimiser on published test problems.
struct RealSpace {
  using Genome = std::vector<double>;

  std::vector<double> lower;
  std::vector<double> upper;
  double crossover_probability = 0.9;  ///< of a pair
  double crossover_index = 20;         ///< eta_c: how near children stay to their parents
  double mutation_probability = 0;     ///< of a gene; 0: one over the number of genes
  double mutation_index = 20;          ///< eta_m

  void check() const;
  bool contains(const Genome& genome) const;
  double size() const;

  Genome draw(RandomSequence& random) const;
  void cross(Genome& a, Genome& b, RandomSequence& random) const;
  void mutate(Genome& genome, RandomSequence& random) const;
};

}  // namespace mantissa
