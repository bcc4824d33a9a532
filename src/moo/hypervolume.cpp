#include "moo/hypervolume.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>

#include "support/error.h"

namespace mantissa {
namespace {

using Points = std::vector<std::span<const double>>;

/// The staircase of points in two objectives, and the area between it and the reference.
class Staircase {
 public:
  Staircase(double reference0, double reference1) {
    // Fences, so that every real step has a neighbour on both sides.
    steps_.emplace(-INFINITY, reference1);
    steps_.emplace(reference0, -INFINITY);
  }

  double area() const { return area_; }

  void add(double x, double y) {
    auto right = steps_.upper_bound(x);
    if (std::prev(right)->second <= y) return;  // dominated
    // Cover the strip above y from x on, one step at a time, and drop the steps that fall inside.
    double ceiling = std::prev(right)->second;
    double from = x;
    auto step = std::prev(right)->first == x ? std::prev(right) : right;
    if (step->first == x) {
      step = steps_.erase(step);
    }
    while (step->second >= y) {
      area_ += (step->first - from) * (ceiling - y);
      from = step->first;
      ceiling = step->second;
      step = steps_.erase(step);
    }
    area_ += (step->first - from) * (ceiling - y);
    steps_.emplace_hint(step, x, y);
  }

 private:
  std::map<double, double> steps_;  // first objective ascending, second descending
  double area_ = 0;
};

double area_below(const Points& points, std::span<const double> reference) {
  double area = 0;
  double ceiling = reference[1];
  for (const std::span<const double> point : points) {
    if (point[1] >= ceiling) continue;
    area += (reference[0] - point[0]) * (ceiling - point[1]);
    ceiling = point[1];
  }
  return area;
}

/// `points` sorted by objective `last`.
double volume_below(const Points& points, std::span<const double> reference) {
  Staircase staircase(reference[0], reference[1]);
  double volume = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    staircase.add(points[i][0], points[i][1]);
    const double top = i + 1 < points.size() ? points[i + 1][2] : reference[2];
    volume += staircase.area() * (top - points[i][2]);
  }
  return volume;
}

bool covers(std::span<const double> a, std::span<const double> b, std::size_t objectives) {
  for (std::size_t m = 0; m < objectives; ++m) {
    if (a[m] > b[m]) return false;
  }
  return true;
}

/// The hypervolume in the first `objectives` coordinates. Coordinates beyond are ignored.
double slice_volume(Points points, std::span<const double> reference, std::size_t objectives) {
  const std::size_t sort_by = objectives <= 2 ? 0 : objectives - 1;
  std::ranges::sort(points, [&](std::span<const double> a, std::span<const double> b) {
    if (a[sort_by] != b[sort_by]) return a[sort_by] < b[sort_by];
    return std::lexicographical_compare(
        a.begin(), a.begin() + static_cast<std::ptrdiff_t>(objectives), b.begin(),
        b.begin() + static_cast<std::ptrdiff_t>(objectives));
  });
  if (objectives == 1) return points.empty() ? 0 : reference[0] - points[0][0];
  if (objectives == 2) return area_below(points, reference);
  if (objectives == 3) return volume_below(points, reference);

  double volume = 0;
  Points front;  // of the slice, in the coordinates below the last
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::span<const double> point = points[i];
    const bool covered = std::ranges::any_of(front, [&](std::span<const double> member) {
      return covers(member, point, objectives - 1);
    });
    if (!covered) {
      std::erase_if(front, [&](std::span<const double> member) {
        return covers(point, member, objectives - 1);
      });
      front.push_back(point);
    }
    const double top = i + 1 < points.size() ? points[i + 1][sort_by] : reference[sort_by];
    if (top > point[sort_by]) {
      volume += slice_volume(front, reference, objectives - 1) * (top - point[sort_by]);
    }
  }
  return volume;
}

}  // namespace

double hypervolume(std::span<const std::vector<double>> points, std::span<const double> reference) {
  if (reference.empty()) throw Error("hypervolume", "the reference point has no objectives");
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::ranges::all_of(reference, finite)) {
    throw Error("hypervolume", "the reference point is not finite");
  }
  Points inside;
  for (const std::vector<double>& point : points) {
    if (point.size() != reference.size() || !std::ranges::all_of(point, finite)) {
      throw Error("hypervolume", "a point needs " + std::to_string(reference.size()) +
                                     " finite objectives, like the reference");
    }
    if (std::ranges::equal(point, reference, std::less<>())) inside.emplace_back(point);
  }
  return slice_volume(std::move(inside), reference, reference.size());
}

}  // namespace mantissa
