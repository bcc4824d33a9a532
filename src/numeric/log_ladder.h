#pragma once

#include <cstdint>

#include "numeric/exact_powers.h"
#include "numeric/neighbours.h"

namespace mantissa {

/// The positive members of a logarithmic format as the rungs of a ladder, numbered upward.
///
/// A rung is the binary32 number nearest to a power. The middle between two rungs, where rounding
/// to nearest turns over, is a power too: that of the code of one bit more which lies between. As
/// it is irrational, nothing lies on it. Only rungs in the range of normal binary32 numbers are
/// members.
struct LogLadder {
  const ExactPowers* powers = nullptr;
  int takum_bits = 0;     ///< N where rungs are takums, numbered by their codes; else 0
  int fraction_bits = 0;  ///< F where they are 2^(rung / 2^F)
  std::int64_t first = 0;
  std::int64_t last = 0;
  /// Whether magnitudes below the first rung lie between it and zero, whose code is even; to
  /// nearest that is turned to where rungs below would go on with the half of the first. Else all
  /// of them become the first.
  bool zero_below = false;

  std::int64_t position(std::int64_t rung) const;  ///< of the power
  std::int64_t middle(std::int64_t rung) const;    ///< between it and the next
  double member(std::int64_t rung) const { return powers->nearest_binary32(position(rung)); }
  /// The last rung not above `magnitude`, which must lie in [first, last).
  std::int64_t below(double magnitude) const;

  /// The members around |value|.
  Neighbours around(const ExactValue& value) const;
};

}  // namespace mantissa
