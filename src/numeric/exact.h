#pragma once

#include <cstdint>

#include "numeric/rounding.h"

namespace mantissa {

__extension__ using UnsignedInt128 = unsigned __int128;
__extension__ using Int128 = __int128;

/// A finite non-zero real number without rounding: `(magnitude + tail) * 2^exponent`, negated if
/// `negative`.
///
/// The tail is zero unless `has_tail`, when it lies strictly between 0 and 1 and `magnitude` has at
/// least 70 significant bits: enough for every question that one rounding to 24 bits asks, 32
/// random bits included.
struct ExactValue {
  bool negative = false;
  UnsignedInt128 magnitude = 0;
  int exponent = 0;
  bool has_tail = false;

  bool is_zero() const { return magnitude == 0 && !has_tail; }
  /// floor(log2 |value|); `magnitude` must not be 0.
  int leading_exponent() const;
};

/// `value` must be finite.
ExactValue exact_value(double value);

/// The sum of two finite numbers.
ExactValue exact_sum(double a, double b);

/// |value| / 2^quantum_exponent, rounded once to an integer. The quotient must be below 2^64.
///
/// Directions take the sign into account, so `rup` of a negative value rounds its magnitude down.
/// Stochastic rounding goes away from zero if the first R bits of `random` are below the first R
/// bits of the discarded fraction (R = 32 where the mode does not limit them): with a probability
/// of exactly the fraction, truncated to R bits.
std::uint64_t round_to_multiple(const ExactValue& value, int quantum_exponent, RoundingMode mode,
                                std::uint32_t random);

}  // namespace mantissa
