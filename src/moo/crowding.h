#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "moo/dominance.h"

namespace mantissa {

/// How lonely the members of a front are, and how a front that does not fit is cut.
enum class Crowding : std::uint8_t {
  published,   ///< crowding distance; the members with the largest of the whole front stay
  sequential,  ///< the most crowded member goes, then distances are measured anew, until all fit.
               ///< Two objectives: crowding distance (Kukkonen & Deb, IEEE CEC 2006). More: nearest
               ///< neighbours (Kukkonen & Deb, PPSN 2006), for which neighbours in one objective
               ///< need not be near
};

/// Crowding distance of each member of one front (Deb, Pratap, Agarwal & Meyarivan 2002, section
/// III-B): the sum over objectives of the gap between its two neighbours, as a part of the front's
/// extent. Infinite for the ends of each objective; an objective on which all members agree counts
/// nothing.
std::vector<double> crowding_distances(std::span<const Point> front);

/// Product of the squared distances to the nearest M neighbours, M the number of objectives, each
/// objective scaled to the front's extent. Infinite for the ends of each objective and for a front
/// of M or fewer members. O(M N^2).
std::vector<double> vicinity_distances(std::span<const Point> front);

/// The members of a front that stay, ascending, and how lonely each is among them.
struct Survivors {
  std::vector<std::size_t> members;
  std::vector<double> distances;
};

/// Cuts `front` to `count` members; ties go to the lower index. With Crowding::published distances
/// are those of the whole front, as in the paper.
Survivors least_crowded(std::span<const Point> front, std::size_t count, Crowding crowding);

}  // namespace mantissa
