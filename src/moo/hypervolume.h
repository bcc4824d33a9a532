#pragma once

#include <span>
#include <vector>

namespace mantissa {

/// The volume that `points` dominate below `reference` (all objectives minimised; Zitzler & Thiele
/// 1998), exact but for rounding. Points that are not better than the reference everywhere count
/// nothing; the order of points does not change a bit of the result.
///
/// Two objectives: a sweep, O(N log N). Three: a sweep over the third with the staircase of the
/// first two kept sorted, O(N log N) (Fonseca, Paquete & Lopez-Ibanez, IEEE CEC 2006; Beume et al.,
/// IEEE Trans. Evol. Comput. 13(5), 2009). More: slices along the last objective (While et al.,
/// IEEE Trans. Evol. Comput. 10(1), 2006), each N times its dimension below. Throws Error unless
/// every point has as many objectives as the reference, at least one, and all are finite.
double hypervolume(std::span<const std::vector<double>> points, std::span<const double> reference);

}  // namespace mantissa
