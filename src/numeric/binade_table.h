#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>

#include "numeric/format.h"
#include "numeric/rounding.h"

namespace mantissa {

/// How binary32 values are rounded to a format whose precision changes with the magnitude, as the
/// vector kernel does it: by the value's binade, which is the exponent field of its code.
///
/// Within a binade either all members are equally far apart, a power of two, so that rounding keeps
/// a number of bits of the code; or all values become one of two members, and one code is the first
/// that becomes the second. The table is made by asking the scalar reference.
struct BinadeTable {
  static constexpr std::size_t kBinades = 256;

  /// For a binade that keeps bits: L - 1, where L has the bit of a magnitude's code that tells
  /// whether the member below it is odd. That is the last bit kept, but without fraction bits any
  /// exponent bit that is set (odd), or the sign's, which is not (even). So the low 23 bits are
  /// those to drop. Negative for a binade with two results.
  alignas(64) std::array<std::int32_t, kBinades> odd_bit_minus_one{};
  alignas(64) std::array<std::int32_t, kBinades> dropped_bits{};  ///< 0..23

  struct TwoResults {
    static constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();
    alignas(64) std::array<std::int32_t, 2 * kBinades> turn{};    ///< the first code that becomes
    alignas(64) std::array<std::int32_t, 2 * kBinades> behind{};  ///< this; others become
    alignas(64) std::array<std::int32_t, 2 * kBinades> before{};  ///< this
  };
  /// Codes of magnitudes; the second half of each is for negative values.
  TwoResults two_results;

  std::int32_t largest = 0;  ///< the code of the largest number
  bool has_negative_zero = false;
};

/// The table of an uneven format, made once and kept. Any thread.
std::shared_ptr<const BinadeTable> binade_table(const Format& format, RoundingMode mode);

}  // namespace mantissa
