#pragma once

#include <bit>
#include <cstdint>

#include "numeric/format.h"

namespace mantissa {

/// Where a format's values lie, in the terms that the vector kernels round by.
///
/// A magnitude with the exponent e is rounded to a multiple of 2^(max(e, min_exponent) -
/// fraction_bits), as if there were no largest one; then what lies outside of the limits overflows.
/// Fixed point is the case in which every value is below 2^(min_exponent + 1), so that there is one
/// quantum.
struct RoundingGrid {
  int fraction_bits = 23;
  int min_exponent = -126;
  int max_exponent = 127;        ///< of the largest magnitude
  double max_positive = 0;       ///< the largest value
  double max_negative = 0;       ///< the magnitude of the most negative value
  double overflow_positive = 0;  ///< what +infinity becomes; may be NaN
  double overflow_negative = 0;  ///< the magnitude of what -infinity becomes; may be NaN
  double min_magnitude =
      0;  ///< smaller results become zero (`nosub`); 0 where there is no such rule
  bool has_negative_zero = true;

  /// The exponent of the quantum below 2^(min_exponent + 1).
  int min_quantum_exponent() const { return min_exponent - fraction_bits; }
};

/// 2^exponent, a normal binary64 number; without the cost of std::ldexp, which shows where a
/// rounder is made for every thousand elements.
inline double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

/// Whether the values of the format lie on such a grid.
bool has_rounding_grid(const Format& format);

/// The format's grid; it must have one.
RoundingGrid rounding_grid(const Format& format);

/// How the kernels round on a grid; all give the same bits, on the grids that they can serve.
enum class RoundingMethod {
  bits,  ///< integer arithmetic on the binary32 code: where the grid's exponents begin with those
         ///< of binary32
  binary32,  ///< by adding 2^23 quanta in binary32: where that is a finite number, and quanta are
             ///< normal ones
  binary64,  ///< the same in binary64, for every grid
};
RoundingMethod rounding_method(const RoundingGrid& grid);

/// Whether stochastic rounding can work on binary32 codes (StochasticRounder): the limits are the
/// same for either sign, a code has bits to drop, and the smallest normal number is one of
/// binary32.
bool can_round_codes(const RoundingGrid& grid);

}  // namespace mantissa
