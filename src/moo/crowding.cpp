#include "moo/crowding.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace mantissa {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::size_t> first_numbers(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
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
    std::vector<std::size_t> order = first_numbers(front_.size());
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

/// The front with every objective scaled to [0, 1], from which points can leave.
class Neighbourhood {
 public:
  explicit Neighbourhood(std::span<const Point> front)
      : objectives_(front.empty() ? 0 : front[0].objectives.size()),
        is_end_(front.size()),
        present_(front.size(), true),
        reach_(front.size()) {
    scaled_.resize(front.size() * objectives_);
    for (std::size_t m = 0; m < objectives_; ++m) {
      const auto value = [&](const Point& point) { return point.objectives[m]; };
      const auto [least, largest] = std::ranges::minmax_element(front, {}, value);
      is_end_[static_cast<std::size_t>(least - front.begin())] = true;
      is_end_[static_cast<std::size_t>(largest - front.begin())] = true;
      const double extent = value(*largest) - value(*least);
      for (std::size_t i = 0; i < front.size(); ++i) {
        scaled_[i * objectives_ + m] = extent > 0 ? (value(front[i]) - value(*least)) / extent : 0;
      }
    }
  }

  /// Not const: it remembers how far the member's neighbourhood reaches.
  double distance(std::size_t member) {
    if (is_end_[member]) return kInfinity;
    std::vector<double> nearest(objectives_, kInfinity);  // ascending
    for (std::size_t other = 0; other < present_.size(); ++other) {
      if (other == member || !present_[other]) continue;
      const double gap = squared_gap(member, other);
      if (gap >= nearest.back()) continue;
      const auto place = std::ranges::upper_bound(nearest, gap);
      std::move_backward(place, nearest.end() - 1, nearest.end());
      *place = gap;
    }
    reach_[member] = nearest.back();
    // Zero beats infinity: an equal neighbour is the worst crowd, however few members there are.
    if (nearest.front() == 0) return 0;
    return std::accumulate(nearest.begin(), nearest.end(), 1.0, std::multiplies<>());
  }

  template <typename Changed>
  void remove(std::size_t member, const Changed& changed) {
    present_[member] = false;
    for (std::size_t other = 0; other < present_.size(); ++other) {
      if (present_[other] && !is_end_[other] && squared_gap(member, other) <= reach_[other]) {
        changed(other);
      }
    }
  }

 private:
  double squared_gap(std::size_t a, std::size_t b) const {
    double sum = 0;
    for (std::size_t m = 0; m < objectives_; ++m) {
      const double gap = scaled_[a * objectives_ + m] - scaled_[b * objectives_ + m];
      sum += gap * gap;
    }
    return sum;
  }

  std::size_t objectives_;
  std::vector<double> scaled_;
  std::vector<bool> is_end_;
  std::vector<bool> present_;
  std::vector<double>
      reach_;  // squared distance to the last of the nearest, at the last measurement
};

template <typename Measure>
std::vector<double> measure_all(Measure& measure, std::size_t count) {
  std::vector<double> distances(count);
  for (std::size_t i = 0; i < count; ++i) distances[i] = measure.distance(i);
  return distances;
}

Survivors most_distant(std::span<const Point> front, std::size_t count) {
  const std::vector<double> distances = crowding_distances(front);
  Survivors result{first_numbers(front.size()), {}};
  std::ranges::stable_sort(result.members, std::greater<>(),
                           [&](std::size_t i) { return distances[i]; });
  result.members.resize(count);
  std::ranges::sort(result.members);
  for (const std::size_t i : result.members) result.distances.push_back(distances[i]);
  return result;
}

template <typename Measure>
Survivors remove_most_crowded(std::span<const Point> front, std::size_t count) {
  Measure measure(front);
  std::vector<double> distances = measure_all(measure, front.size());
  Survivors result{first_numbers(front.size()), {}};
  while (result.members.size() > count) {
    // Of equally crowded ones the last: older members come first.
    const auto most = std::ranges::min_element(result.members.rbegin(), result.members.rend(), {},
                                               [&](std::size_t i) { return distances[i]; });
    const std::size_t leaving = *most;
    result.members.erase(std::prev(most.base()));
    measure.remove(leaving, [&](std::size_t i) { distances[i] = measure.distance(i); });
  }
  for (const std::size_t i : result.members) result.distances.push_back(distances[i]);
  return result;
}

}  // namespace

std::vector<double> crowding_distances(std::span<const Point> front) {
  CrowdedFront crowded(front);
  return measure_all(crowded, front.size());
}

std::vector<double> vicinity_distances(std::span<const Point> front) {
  Neighbourhood neighbourhood(front);
  return measure_all(neighbourhood, front.size());
}

Survivors least_crowded(std::span<const Point> front, std::size_t count, Crowding crowding) {
  count = std::min(count, front.size());
  if (crowding == Crowding::published) return most_distant(front, count);
  if (!front.empty() && front[0].objectives.size() > 2) {
    return remove_most_crowded<Neighbourhood>(front, count);
  }
  return remove_most_crowded<CrowdedFront>(front, count);
}

}  // namespace mantissa
