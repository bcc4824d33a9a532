#pragma once

#include <cstddef>
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

}  // namespace mantissa
