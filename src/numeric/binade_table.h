#pragma once

#include <array>
#include <cstddef>
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

  /// Of a binade, in a byte: how many bits of a code are dropped, 0..23.
  static constexpr int kDroppedBits = 0x1F;
  /// The bit behind those dropped tells whether the member below is odd, but for this: without
  /// fraction bits it is the last of the exponent.
  static constexpr int kFlipsOdd = 0x20;
  static constexpr int kHasTwoResults = 0x80;
  /// Four entries in a number, that of the least binade in the low byte: few enough numbers for the
  /// registers of a wide machine.
  static constexpr std::size_t kPerNumber = 4;
  alignas(64) std::array<std::uint32_t, kBinades / kPerNumber> entries{};

  /// The entry of one binade.
  int entry(std::size_t binade) const {
    const std::uint32_t number = entries[binade / kPerNumber];
    return static_cast<int>(number >> (8 * (binade % kPerNumber)) & 0xFF);
  }

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

/// Whether a format has such a table: posits, linear takums and unums.
bool is_tapered(const Format& format);

/// The table of a tapered format, made once and kept. Any thread.
std::shared_ptr<const BinadeTable> binade_table(const Format& format, RoundingMode mode);

}  // namespace mantissa
