#include "moo/dominance.h"

#include <algorithm>
#include <numeric>

namespace mantissa {
namespace {

bool precedes(const Point& a, const Point& b) {
  if (a.violation != b.violation) return a.violation < b.violation;
  return std::ranges::lexicographical_compare(a.objectives, b.objectives);
}

}  // namespace

bool dominates(const Point& a, const Point& b) {
  if (a.violation != b.violation) return a.violation < b.violation;
  if (a.violation > 0) return false;
  bool better = false;
  for (std::size_t m = 0; m < a.objectives.size(); ++m) {
    if (a.objectives[m] > b.objectives[m]) return false;
    better = better || a.objectives[m] < b.objectives[m];
  }
  return better;
}

std::vector<std::vector<std::size_t>> non_dominated_fronts(std::span<const Point> points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return precedes(points[a], points[b]); });

  // Whatever dominates a point stands before it in this order, so its front is final when it is
  // met: the first in which nobody dominates it. Later members are the likelier dominators.
  std::vector<std::vector<std::size_t>> fronts;
  for (const std::size_t point : order) {
    const auto home = std::ranges::find_if(fronts, [&](const std::vector<std::size_t>& front) {
      return std::none_of(front.rbegin(), front.rend(), [&](std::size_t member) {
        return dominates(points[member], points[point]);
      });
    });
    if (home == fronts.end()) {
      fronts.push_back({point});
    } else {
      home->push_back(point);
    }
  }
  for (std::vector<std::size_t>& front : fronts) std::ranges::sort(front);
  return fronts;
}

}  // namespace mantissa
