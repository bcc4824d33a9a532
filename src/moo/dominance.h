#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mantissa {

/// What an optimiser sees of a candidate: objectives, all minimised and finite, and by how much it
/// violates its constraints (0: feasible). Refers to storage of the caller's.
struct Point {
  std::span<const double> objectives;
  double violation = 0;
};

/// Constrained domination (Deb, Pratap, Agarwal & Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002,
/// definition 1): `a` has the smaller violation, or both are feasible and `a` is nowhere worse and
/// somewhere better. Equal points, and infeasible ones of equal violation, do not dominate one
/// another.
bool dominates(const Point& a, const Point& b);

/// The fronts of `points`, best first: front 0 is dominated by none, front k only by members of
/// fronts before it. Indices ascend within a front.
///
/// The fronts are those of the fast non-dominated sort of Deb et al. (2002); they are found by the
/// efficient non-dominated sort of Zhang, Tian, Cheng & Jin (IEEE Trans. Evol. Comput. 19(2),
/// 2015), which compares each point with whole fronts in lexicographic order: O(M N^2) at worst,
/// far less for few fronts or many.
std::vector<std::vector<std::size_t>> non_dominated_fronts(std::span<const Point> points);

/// Crowding distance of each member of one front (Deb et al. 2002, section III-B): the sum over
/// objectives of the gap between its two neighbours, as a part of the front's extent. Infinite for
/// the ends of each objective; an objective on which all members agree counts nothing.
std::vector<double> crowding_distances(std::span<const Point> front);

/// How a front that does not fit is cut.
enum class Truncation : std::uint8_t {
  crowding,    ///< as published: the largest crowding distances of the whole front stay
  sequential,  ///< the most crowded point goes, then distances are measured anew, until all fit
               ///< (Kukkonen & Deb, IEEE CEC 2006)
};

/// The `count` members of `front` that stay, ascending. Ties go to the lower index.
std::vector<std::size_t> least_crowded(std::span<const Point> front, std::size_t count,
                                       Truncation truncation);

}  // namespace mantissa
