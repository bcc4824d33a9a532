#include <algorithm>
#include <cmath>
#include <string>

#include "moo/space.h"
#include "support/error.h"

namespace mantissa {
namespace {

void require_probability(double value, const char* name) {
  if (!(value >= 0 && value <= 1)) {
    throw Error("search", std::string(name) + " must be from 0 to 1");
  }
}

/// One step up or down the ladder; at an end the only way there is.
void move_one_step(std::uint16_t& gene, std::uint16_t cardinality, bool up) {
  if (cardinality < 2) return;
  if (gene == 0) up = true;
  if (gene == cardinality - 1) up = false;
  gene = static_cast<std::uint16_t>(up ? gene + 1 : gene - 1);
}

/// Any other candidate, each with the same probability.
void move_anywhere(std::uint16_t& gene, std::uint16_t cardinality, RandomSequence& random) {
  if (cardinality < 2) return;
  const std::uint32_t other = random.below(cardinality - 1U);
  gene = static_cast<std::uint16_t>(other < gene ? other : other + 1);
}

/// Shifts by one step the members that are not at the end of their ladder, so that a block keeps
/// its inner differences where it can.
void shift(Genome& genome, std::uint32_t gene, const IntegerSpace& space, bool up) {
  const unsigned top = space.cardinalities[gene] - 1U;
  if (up && genome[gene] < top) ++genome[gene];
  if (!up && genome[gene] > 0) --genome[gene];
}

void move_block(Genome& genome, const IntegerSpace& space, RandomSequence& random) {
  const bool up = random.below(2) == 1;
  if (!space.groups.empty()) {
    const auto& group = space.groups[random.below(static_cast<std::uint32_t>(space.groups.size()))];
    for (const std::uint32_t gene : group) shift(genome, gene, space, up);
    return;
  }
  const auto genes = static_cast<std::uint32_t>(genome.size());
  const std::uint32_t one = random.below(genes);
  const std::uint32_t other = random.below(genes);
  for (std::uint32_t i = std::min(one, other); i <= std::max(one, other); ++i) {
    shift(genome, i, space, up);
  }
}

std::size_t genes_with_choice(const IntegerSpace& space) {
  return static_cast<std::size_t>(
      std::ranges::count_if(space.cardinalities, [](std::uint16_t count) { return count > 1; }));
}

}  // namespace

void IntegerSpace::check() const {
  if (cardinalities.empty()) throw Error("search", "there is nothing to search: no gene");
  if (std::ranges::count(cardinalities, 0) > 0) {
    throw Error("search", "a gene has no candidates");
  }
  for (const std::vector<std::uint32_t>& group : groups) {
    for (const std::uint32_t gene : group) {
      if (gene >= cardinalities.size()) {
        throw Error("search", "a group names gene " + std::to_string(gene) + " of " +
                                  std::to_string(cardinalities.size()));
      }
    }
  }
  require_probability(crossover_probability, "the crossover probability");
  require_probability(mutation_probability, "the mutation probability");
  require_probability(step_probability, "the step probability");
  require_probability(block_probability, "the block probability");
}

bool IntegerSpace::contains(const Genome& genome) const {
  return std::ranges::equal(genome, cardinalities, std::less<>());
}

double IntegerSpace::size() const {
  double product = 1;
  for (const std::uint16_t count : cardinalities) product *= count;
  return product;
}

Genome IntegerSpace::draw(RandomSequence& random) const {
  Genome genome;
  genome.reserve(cardinalities.size());
  for (const std::uint16_t count : cardinalities) {
    genome.push_back(static_cast<std::uint16_t>(random.below(count)));
  }
  return genome;
}

void IntegerSpace::cross(Genome& a, Genome& b, RandomSequence& random) const {
  if (random.uniform() >= crossover_probability) return;
  const auto genes = static_cast<std::uint32_t>(a.size());
  if (random.below(2) == 0) {  // uniform
    for (std::uint32_t i = 0; i < genes; ++i) {
      if (random.below(2) == 0) std::swap(a[i], b[i]);
    }
    return;
  }
  const std::uint32_t one = random.below(genes + 1);
  const std::uint32_t other = random.below(genes + 1);
  for (std::uint32_t i = std::min(one, other); i < std::max(one, other); ++i) std::swap(a[i], b[i]);
}

void IntegerSpace::mutate(Genome& genome, RandomSequence& random) const {
  if (random.uniform() < block_probability) {
    move_block(genome, *this, random);
    return;
  }
  const std::size_t choices = genes_with_choice(*this);
  const double probability = mutation_probability > 0
                                 ? mutation_probability
                                 : 1 / static_cast<double>(std::max<std::size_t>(choices, 1));
  for (std::size_t i = 0; i < genome.size(); ++i) {
    if (random.uniform() >= probability) continue;
    if (random.uniform() < step_probability) {
      move_one_step(genome[i], cardinalities[i], random.below(2) == 1);
    } else {
      move_anywhere(genome[i], cardinalities[i], random);
    }
  }
}

std::vector<Genome> uniform_genomes(const IntegerSpace& space) {
  const unsigned longest = *std::ranges::max_element(space.cardinalities);
  std::vector<Genome> genomes;
  for (unsigned level = 0; level < longest; ++level) {
    Genome genome;
    for (const std::uint16_t count : space.cardinalities) {
      const unsigned top = count - 1U;
      const unsigned full = longest - 1U;
      genome.push_back(
          static_cast<std::uint16_t>(full == 0 ? 0 : (2 * level * top + full) / (2 * full)));
    }
    genomes.push_back(std::move(genome));
  }
  return genomes;
}

}  // namespace mantissa
