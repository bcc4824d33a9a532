#include <algorithm>
#include <cmath>
#include <limits>

#include "moo/space.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// Parents nearer than this have no line through them worth following.
constexpr double kSameGene = 1e-14;

/// The spread factor of bounded simulated binary crossover (Deb & Agrawal, Complex Systems 9, 1995;
/// Deb & Goyal 1996): with density proportional to b^eta below 1 and b^-(eta+2) above, cut at the
/// factor `limit` at which the child meets its bound, and scaled to integrate to one.
double spread_factor(double uniform, double limit, double eta) {
  const double mass = 2 - std::pow(limit, -(eta + 1));
  const double share = uniform * mass;  // in [0, 2): below 1 contracts, above expands
  return share <= 1 ? std::pow(share, 1 / (eta + 1)) : std::pow(1 / (2 - share), 1 / (eta + 1));
}

void cross_gene(double& a, double& b, double lower, double upper, double eta,
                RandomSequence& random) {
  const auto [low, high] = std::minmax(a, b);
  const double gap = high - low;
  const double middle = 0.5 * (low + high);
  const double uniform = random.uniform();
  const double below = spread_factor(uniform, 1 + 2 * (low - lower) / gap, eta);
  const double above = spread_factor(uniform, 1 + 2 * (upper - high) / gap, eta);
  const double low_child = std::clamp(middle - 0.5 * below * gap, lower, upper);
  const double high_child = std::clamp(middle + 0.5 * above * gap, lower, upper);
  const bool swapped = random.below(2) == 0;
  a = swapped ? high_child : low_child;
  b = swapped ? low_child : high_child;
}

/// Bounded polynomial mutation (Deb & Goyal 1996; Deb & Deb 2014): the step, as a part of the box,
/// has density proportional to (1 - |d|)^eta on either side, each side cut at its bound and holding
/// half of the probability.
double polynomial_step(double uniform, double room_below, double room_above, double eta) {
  const double power = eta + 1;
  if (uniform < 0.5) {
    const double cut = std::pow(1 - room_below, power);
    return std::pow(2 * uniform + (1 - 2 * uniform) * cut, 1 / power) - 1;
  }
  const double cut = std::pow(1 - room_above, power);
  return 1 - std::pow(2 * (1 - uniform) + (2 * uniform - 1) * cut, 1 / power);
}

}  // namespace

void RealSpace::check() const {
  if (lower.empty() || lower.size() != upper.size()) {
    throw Error("search", "a box needs as many lower as upper bounds, at least one");
  }
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (!std::isfinite(lower[i]) || !std::isfinite(upper[i]) || !(lower[i] <= upper[i])) {
      throw Error("search", "bounds must be finite, the lower not above the upper");
    }
  }
  const auto is_probability = [](double value) { return value >= 0 && value <= 1; };
  if (!is_probability(crossover_probability) || !is_probability(mutation_probability)) {
    throw Error("search", "probabilities must be from 0 to 1");
  }
  if (!(crossover_index >= 0) || !(mutation_index >= 0)) {
    throw Error("search",
                "the distribution indices of crossover and mutation must not be negative");
  }
}

bool RealSpace::contains(const Genome& genome) const {
  return std::ranges::equal(genome, lower, std::greater_equal<>()) &&
         std::ranges::equal(genome, upper, std::less_equal<>());
}

double RealSpace::size() const {
  return std::numeric_limits<double>::infinity();
}

RealSpace::Genome RealSpace::draw(RandomSequence& random) const {
  Genome genome;
  genome.reserve(lower.size());
  for (std::size_t i = 0; i < lower.size(); ++i) {
    genome.push_back(std::min(lower[i] + random.uniform() * (upper[i] - lower[i]), upper[i]));
  }
  return genome;
}

void RealSpace::cross(Genome& a, Genome& b, RandomSequence& random) const {
  if (random.uniform() >= crossover_probability) return;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (random.below(2) == 0 || std::fabs(a[i] - b[i]) <= kSameGene) continue;
    cross_gene(a[i], b[i], lower[i], upper[i], crossover_index, random);
  }
}

void RealSpace::mutate(Genome& genome, RandomSequence& random) const {
  const double probability =
      mutation_probability > 0 ? mutation_probability : 1 / static_cast<double>(genome.size());
  for (std::size_t i = 0; i < genome.size(); ++i) {
    const double extent = upper[i] - lower[i];
    if (random.uniform() >= probability || extent <= 0) continue;
    const double step = polynomial_step(random.uniform(), (genome[i] - lower[i]) / extent,
                                        (upper[i] - genome[i]) / extent, mutation_index);
    genome[i] = std::clamp(genome[i] + step * extent, lower[i], upper[i]);
  }
}

}  // namespace mantissa
