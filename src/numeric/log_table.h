#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "numeric/log_ladder.h"
#include "numeric/quantize.h"

namespace mantissa {

/// How binary32 magnitudes are rounded to a logarithmic format, as the vector kernel does it: an
/// approximate logarithm gives the rung, but where it lies too near to a turning point that is
/// looked up. The tables are made by asking the exact reference.
///
/// Codes are those of binary32 magnitudes.
struct LogTable {
  /// What the kernel's logarithms, in units of 2^-23, may be off by; the coarse ones come of a
  /// shorter polynomial.
  static constexpr std::int32_t kDoubt = 8;
  static constexpr std::int32_t kCoarseDoubt = 1100;
  static constexpr int kCoarseShift = 18;
  static constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();

  bool takum = false;                 ///< else the rungs are evenly apart
  int shift = 0;                      ///< a rung is 2^shift units
  std::int32_t offset = 0;            ///< index of the rung of 1
  std::int32_t last = 0;              ///< index of the last rung
  std::vector<std::int32_t> members;  ///< of each rung; behind them `kNever`
  std::vector<std::int32_t> turns;    ///< the first code that is nearer to the next; `kNever`
  bool first_is_odd = false;

  /// The first code that does not become zero, of positive and of negative values.
  std::array<std::int32_t, 2> least = {1, 1};
  std::int32_t infinity = 0;  ///< the code of what an infinity becomes

  /// Whether coarse logarithms leave few rungs in doubt.
  bool is_coarse() const { return shift >= kCoarseShift; }
  /// Where rungs are evenly apart the members of one octave say what those of the others are; of an
  /// index, the place within an octave. Octaves begin with multiples of what they hold.
  std::int32_t octave_mask() const { return takum ? -1 : (1 << (23 - shift)) - 1; }
  /// How many members are looked up.
  std::size_t looked_up() const { return takum ? members.size() : std::size_t{1} << (23 - shift); }
};

/// The table of a logarithmic format, made once and kept; null where it would be too large. Any
/// thread.
std::shared_ptr<const LogTable> log_table(const Format& format, RoundingMode mode);

}  // namespace mantissa
