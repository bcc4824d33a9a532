#include "moo/dominance.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace mantissa {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool precedes(const Point& a, const Point& b) {
  if (a.violation != b.violation) return a.violation < b.violation;
  return std::ranges::lexicographical_compare(a.objectives, b.objectives);
}

/// The front as one doubly linked list for each objective, sorted by it, so that a point can leave
/// and its neighbours' distances follow.
class CrowdedFront {
 public:
  explicit CrowdedFront(std::span<const Point> front) : front_(front) {
    const std::size_t objectives = front.empty() ? 0 : front[0].objectives.size();
    for (std::size_t m = 0; m < objectives; ++m) lists_.push_back(make_list(m));
  }

  double distance(std::size_t member) const {
    double sum = 0;
    for (std::size_t m = 0; m < lists_.size(); ++m) {
      const List& list = lists_[m];
      if (list.previous[member] == kNone || list.next[member] == kNone) return kInfinity;
      sum += list.weight * (front_[list.next[member]].objectives[m] -
                            front_[list.previous[member]].objectives[m]);
    }
    return sum;
  }

  /// Takes `member` out and calls `changed` for each point that has a new neighbour.
  template <typename Changed>
  void remove(std::size_t member, const Changed& changed) {
    for (List& list : lists_) {
      const std::size_t previous = list.previous[member];
      const std::size_t next = list.next[member];
      if (previous != kNone) list.next[previous] = next;
      if (next != kNone) list.previous[next] = previous;
    }
    for (const List& list : lists_) {
      if (list.previous[member] != kNone) changed(list.previous[member]);
      if (list.next[member] != kNone) changed(list.next[member]);
    }
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  struct List {
    std::vector<std::size_t> previous;
    std::vector<std::size_t> next;
    double weight = 0;  ///< 1 / extent of the whole front; 0 where it has none
  };

  List make_list(std::size_t m) const {
    std::vector<std::size_t> order(front_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto value = [&](std::size_t i) { return front_[i].objectives[m]; };
    std::ranges::stable_sort(order, {}, value);
    List list{std::vector(front_.size(), kNone), std::vector(front_.size(), kNone), 0};
    for (std::size_t i = 1; i < order.size(); ++i) {
      list.previous[order[i]] = order[i - 1];
      list.next[order[i - 1]] = order[i];
    }
    const double extent = value(order.back()) - value(order.front());
    if (extent > 0) list.weight = 1 / extent;
    return list;
  }

  std::span<const Point> front_;
  std::vector<List> lists_;
};

std::vector<std::size_t> most_distant(std::span<const Point> front, std::size_t count) {
  const std::vector<double> distances = crowding_distances(front);
  std::vector<std::size_t> order(front.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return distances[i]; });
  order.resize(count);
  std::ranges::sort(order);
  return order;
}

std::vector<std::size_t> remove_most_crowded(std::span<const Point> front, std::size_t count) {
  CrowdedFront crowded(front);
  std::vector<double> distances = crowding_distances(front);
  std::vector<std::size_t> members(front.size());
  std::iota(members.begin(), members.end(), std::size_t{0});
  while (members.size() > count) {
    // Of equally crowded ones the last: older members come first.
    const auto most = std::ranges::min_element(members.rbegin(), members.rend(), {},
                                               [&](std::size_t i) { return distances[i]; });
    const std::size_t leaving = *most;
    members.erase(std::prev(most.base()));
    crowded.remove(leaving, [&](std::size_t i) { distances[i] = crowded.distance(i); });
  }
  return members;
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

std::vector<double> crowding_distances(std::span<const Point> front) {
  const CrowdedFront crowded(front);
  std::vector<double> distances(front.size());
  for (std::size_t i = 0; i < front.size(); ++i) distances[i] = crowded.distance(i);
  return distances;
}

std::vector<std::size_t> least_crowded(std::span<const Point> front, std::size_t count,
                                       Truncation truncation) {
  count = std::min(count, front.size());
  return truncation == Truncation::crowding ? most_distant(front, count)
                                            : remove_most_crowded(front, count);
}

}  // namespace mantissa
