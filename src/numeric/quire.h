#pragma once

#include <array>
#include <cstdint>

#include "numeric/quantize.h"

namespace mantissa {

/// The exact sum of any number (up to 2^40) of products of two binary32 values: a fixed-point
/// register as wide as their whole range (Kulisch, Computer Arithmetic and Validity, 2008; the
/// quire of the Posit Standard).
///
/// Products may also come from a multiplier of the library, or be rounded to a format: all are
/// multiples of 2^-298 and below 2^290. Infinities and NaN are remembered beside the register, so
/// that the order of additions never matters. A sum of zero has no sign.
class Quire {
 public:
  static constexpr int kWords = 20;
  static constexpr int kLowestExponent = -298;  ///< of the last bit: twice that of binary32
  using Words = std::array<std::uint32_t, kWords + 1>;

  Quire() = default;  ///< 0
  /// From `words()`, to go on where another left off.
  explicit Quire(const Words& words) : words_(words) {}

  void add(double product);

  /// The sum, rounded once. A sum of exactly zero is +0.
  double rounded(const Quantization& to, std::uint32_t random = 0) const;

  /// Two's complement, the lowest word first; behind them what was not finite. All zero at first.
  const Words& words() const { return words_; }

 private:
  Words words_ = {};
};

}  // namespace mantissa
