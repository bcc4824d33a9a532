#pragma once

#include <cstdint>

#include "numeric/log_table.h"
#include "numeric/quantize.h"

namespace mantissa {

/// Everything that one call rounds by.
struct LogRun {
  const LogTable& table;
  const Quantization& quantization;
  RandomKey key;
  std::uint64_t first_index;
};

/// A magnitude and the members on its sides.
struct LogGap {
  std::int32_t code = 0;
  std::int32_t below = 0;
  std::int32_t above = 0;
};

/// Whether `word` takes the magnitude away from zero: (word + 1) (above - below) <= 2^32 (magnitude
/// - below), all in units of the last place of `below`, from which `above` is less than 2^40 away.
inline bool goes_away(const LogGap& gap, std::uint32_t word) {
  constexpr int kFraction = 23;
  const std::int32_t exponent = gap.below >> kFraction;
  const auto whole = [exponent](std::int32_t code) {
    const std::int32_t significand = (code & ((1 << kFraction) - 1)) | 1 << kFraction;
    return static_cast<std::uint64_t>(significand) << ((code >> kFraction) - exponent);
  };
  const std::uint64_t start = whole(gap.below);
  const UnsignedInt128 step = whole(gap.above) - start;
  const UnsignedInt128 part = whole(gap.code) - start;
  return (word + UnsignedInt128{1}) * step <= part << 32;
}

}  // namespace mantissa
