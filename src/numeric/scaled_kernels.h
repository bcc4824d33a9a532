#pragma once

#include <cstdint>

#include "numeric/quantize.h"
#include "numeric/scaled_rounding.h"

namespace mantissa {

/// For each of `count` runs of `length` elements, one behind the other: its largest finite
/// magnitude, 0 if it has none.
void max_magnitudes(const float* source, std::int64_t count, std::int64_t length, float* maxima);

/// maxima[i] <- max(maxima[i], |row[i]|) for the finite elements of a row.
void raise_max_magnitudes(const float* row, std::int64_t count, float* maxima);

/// Rounds scaled elements: `element(x / scale) * scale`, the quotient rounded once. A finite
/// quotient beyond the largest element of either sign becomes that element, as OCP's conversion
/// (Microscaling Formats v1.0, section 6.3) does; -2^(N-1) of two's complement is never used.
/// NaN stays NaN; an infinity becomes what it becomes in the element format, scaled.
class ScaledRounder {
 public:
  explicit ScaledRounder(const Quantization& quantization);

  /// Runs of `length` elements, one behind the other, run r by scales[r]. The random word of
  /// element i is `rounding_word(key, first_index + i)`. `destination` may be `source`.
  void round_runs(const float* source, float* destination, std::int64_t count, std::int64_t length,
                  const float* scales, RandomKey key, std::uint64_t first_index) const;

  /// `count` elements, element i by scales[i].
  void round_elements(const float* source, float* destination, std::int64_t count,
                      const float* scales, RandomKey key, std::uint64_t first_index) const;

 private:
  ScaledRounding rounding_;
};

/// `element(value / scale) * scale` by exact arithmetic: the reference of ScaledRounder.
double round_scaled(float value, float scale, const Quantization& quantization,
                    std::uint32_t random = 0);

}  // namespace mantissa
