#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mantissa {

/// How a value between two neighbours of a format becomes one of them (IEEE 754-2019, section 4.3).
enum class Rounding : std::uint8_t {
  nearest_even,  ///< `rne`, ties to the even significand
  nearest_away,  ///< `rna`, ties away from zero
  toward_zero,   ///< `rtz`
  up,            ///< `rup`, toward +infinity
  down,          ///< `rdn`, toward -infinity
  to_odd,        ///< `ro`, an inexact value becomes the neighbour with the odd significand
  stochastic,    ///< `sr`, up with a probability equal to the discarded fraction
};

/// A rounding and, for `sr<R>`, its number of random bits.
struct RoundingMode {
  Rounding rounding = Rounding::nearest_even;
  /// Stochastic only. 0: as many as the carrier has. R: the discarded part, truncated to R bits, is
  /// compared with an R-bit uniform number (Fitzgibbon & Felix, 2025, on the bias this brings).
  std::uint8_t random_bits = 0;

  friend bool operator==(const RoundingMode&, const RoundingMode&) = default;
};

/// `rne`, `rna`, `rtz`, `rup`, `rdn`, `ro`, `sr` or `sr<R>` with R in 1..32.
std::string spelling(RoundingMode mode);

/// The inverse of `spelling`. Throws Error with the nearest valid spelling.
RoundingMode parse_rounding(std::string_view text);

/// The R of `sr<R>`, the 32 of `sr`.
inline int random_bits_of(RoundingMode mode) {
  return mode.random_bits == 0 ? 32 : mode.random_bits;
}

/// Words with all ones behind the R bits that `sr<R>` looks at; comparing 32 bits then compares R.
inline std::uint32_t unused_random_bits(RoundingMode mode) {
  return mode.random_bits == 0
             ? 0
             : static_cast<std::uint32_t>((std::uint64_t{1} << (32 - mode.random_bits)) - 1);
}

}  // namespace mantissa
