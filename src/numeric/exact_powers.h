#pragma once

#include <array>
#include <cstdint>

#include "numeric/exact.h"

namespace mantissa {

/// The powers B^(position / 2^24) of a base B: the values of logarithmic formats, and the middles
/// between them. All but a few are irrational.
///
/// Questions are answered exactly: from a binary64 estimate where that decides, else from 256 bits.
class ExactPowers {
 public:
  static constexpr int kPositionBits = 24;
  static constexpr std::int64_t kOne = std::int64_t{1} << kPositionBits;
  static constexpr std::int64_t kLimit = 256 * kOne;  ///< positions lie in [-kLimit, kLimit)

  static const ExactPowers& of_two();
  static const ExactPowers& of_root_e();  ///< of the square root of e

  /// The nearest binary32 number; the power must be in the range of normal ones.
  double nearest_binary32(std::int64_t position) const;

  /// The largest binary32 number below the power, which must be irrational.
  double binary32_below(std::int64_t position) const;

  /// |value| against the power, which must be irrational: -1 or 1.
  int compare(const ExactValue& value, std::int64_t position) const;

  /// Within 2^-48 of the power, relatively.
  double estimate(std::int64_t position) const;

  /// Near the position of a positive number: a first guess, whose last bits may differ between
  /// machines.
  double near_position(double magnitude) const;

 private:
  explicit ExactPowers(bool base_two);

  /// significand / 2^255 * 2^exponent; the words begin with the highest, whose first bit is set.
  struct Wide {
    std::array<std::uint64_t, 4> words = {};
    int exponent = 0;
  };
  static Wide product(const Wide& a, const Wide& b);
  Wide power(std::int64_t position) const;

  static constexpr int kSquares = 33;   // the last is B^256
  std::array<Wide, kSquares> squares_;  ///< B^(2^(j - 24))
  Wide least_;                          ///< B^-256
  double positions_per_octave_;         ///< 1 / log2 B, for guesses

  static constexpr int kDigits = 4;
  static constexpr int kTopDigit = 1 << 9;
  std::array<std::array<double, kTopDigit>, kDigits> digits_ = {};  ///< of estimates
};

}  // namespace mantissa
