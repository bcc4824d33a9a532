#pragma once

#include <cstdint>

#include "numeric/exact.h"
#include "numeric/rounding.h"

namespace mantissa {

/// The members of a format on both sides of a magnitude.
struct Neighbours {
  double below = 0;  ///< the largest member that is not above it
  double above = 0;  ///< the smallest member that is not below it; `below` if that is it, and
                     ///< beyond the ends of a format
  int against_middle =
      0;  ///< where rounding to nearest turns over: -1 before, 0 at it, 1 behind it
  bool below_is_odd = false;  ///< the last bit of its code
};

/// The neighbours of `value`, which has at most 52 bits above the quantum, among the multiples of
/// 2^quantum_exponent. `below_is_odd` is that of the multiple.
Neighbours multiples_around(const ExactValue& value, int quantum_exponent);

/// `low` and `high`, which are members in a row and 2^middle_exponent between them, around `value`.
Neighbours powers_around(const ExactValue& value, int low_exponent, int high_exponent,
                         int middle_exponent);

/// Members beyond the range [least, largest] taken from it: there it saturates.
Neighbours within(Neighbours neighbours, double least, double largest);

/// The neighbour that `value` rounds to, with its sign.
///
/// Stochastic rounding goes away from zero with the probability (|value| - below) / (above -
/// below), which makes the mean the value, as `round_to_multiple` does: cut to R bits.
double choose(const Neighbours& neighbours, const ExactValue& value, RoundingMode mode,
              std::uint32_t random);

/// The first 32 bits of (|value| - below) / (above - below), for binary32 numbers below <= |value|
/// < above that are less than 2^64 apart in ratio, or of which `below` is zero.
std::uint32_t fraction_between(const ExactValue& value, double below, double above);

}  // namespace mantissa
