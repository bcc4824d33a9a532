#pragma once

#include <limits>
#include <vector>

#include "numeric/format.h"
#include "numeric/rounding.h"
#include "support/error.h"

namespace mantissa {

// The macros INFINITY and NAN are float.
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// `format` if it is possible.
inline void add_if_possible(std::vector<Format>& formats, const FloatFormat& format) {
  try {
    formats.emplace_back(format);
  } catch (
      const Error&) {  // the search space holds impossible combinations; format_test says which
  }
}

/// Every binary float of at most `max_bits` bits with its default bias, in every variant that is
/// possible.
inline std::vector<Format> float_formats(int max_bits) {
  std::vector<Format> formats;
  for (int exponent_bits = 1; exponent_bits <= 8; ++exponent_bits) {
    for (int fraction_bits = 0;
         1 + exponent_bits + fraction_bits <= max_bits && fraction_bits <= 23; ++fraction_bits) {
      for (const Specials specials :
           {Specials::ieee, Specials::finite_nan, Specials::unsigned_zero_nan,
            Specials::unsigned_zero, Specials::none}) {
        for (const bool subnormals : {true, false}) {
          for (const bool saturates : {false, true}) {
            add_if_possible(formats, {exponent_bits, fraction_bits,
                                      FloatFormat::default_bias(exponent_bits, specials), specials,
                                      subnormals, saturates});
          }
        }
      }
    }
  }
  return formats;
}

/// Every fixed-point format of at most `max_bits` bits.
inline std::vector<Format> fixed_formats(int max_bits) {
  std::vector<Format> formats;
  for (int integer_bits = 1; integer_bits <= max_bits; ++integer_bits) {
    for (int fraction_bits = 0; integer_bits + fraction_bits <= max_bits; ++fraction_bits) {
      if (integer_bits + fraction_bits >= 2)
        formats.emplace_back(FixedFormat{integer_bits, fraction_bits});
    }
  }
  return formats;
}

/// Every posit of at most `max_bits` bits.
inline std::vector<Format> posit_formats(int max_bits) {
  std::vector<Format> formats;
  for (int exponent_bits = 0; exponent_bits <= 6; ++exponent_bits) {
    for (int bits = 2; bits <= max_bits; ++bits) {
      const bool possible = (bits - 2) << exponent_bits <= 126 && bits - 3 - exponent_bits <= 23;
      if (possible) formats.emplace_back(PositFormat{bits, exponent_bits});
    }
  }
  return formats;
}

/// Every format of the families whose members are unevenly apart, of at most `max_bits` bits.
inline std::vector<Format> uneven_formats(int max_bits) {
  std::vector<Format> formats = posit_formats(max_bits);
  for (int bits = 6; bits <= max_bits; ++bits) {
    if (bits <= 27) formats.emplace_back(TakumFormat{bits});
    if (bits <= 28) formats.emplace_back(LinearTakumFormat{bits});
  }
  for (int integer_bits = 1; integer_bits <= 8; ++integer_bits) {
    for (int fraction_bits = 0; fraction_bits <= 21; ++fraction_bits) {
      if (2 + integer_bits + fraction_bits <= max_bits) {
        formats.emplace_back(LnsFormat{integer_bits, fraction_bits});
      }
    }
  }
  for (int exponent_size_bits = 0; exponent_size_bits <= 3; ++exponent_size_bits) {
    for (int fraction_size_bits = 0; fraction_size_bits <= 4; ++fraction_size_bits) {
      if (2 + (1 << exponent_size_bits) + (1 << fraction_size_bits) <= max_bits) {
        formats.emplace_back(UnumFormat{exponent_size_bits, fraction_size_bits});
      }
    }
  }
  return formats;
}

inline const std::vector<RoundingMode>& deterministic_roundings() {
  static const std::vector<RoundingMode> modes = {
      {Rounding::nearest_even, 0}, {Rounding::nearest_away, 0}, {Rounding::toward_zero, 0},
      {Rounding::up, 0},           {Rounding::down, 0},         {Rounding::to_odd, 0}};
  return modes;
}

}  // namespace mantissa
