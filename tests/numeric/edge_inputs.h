#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "numeric/format.h"
#include "numeric/rounding_grid.h"
#include "support/random.h"

namespace mantissa {

/// `value` as a binary32 number and its two binary32 neighbours, with both signs.
inline void add_with_neighbours(std::vector<float>& inputs, double value) {
  const auto nearest = static_cast<float>(value);
  for (const float input :
       {nearest, std::nextafter(nearest, INFINITY), std::nextafter(nearest, -INFINITY)}) {
    inputs.push_back(input);
    inputs.push_back(-input);
  }
}

/// What goes wrong first: zeros, the ends of binary32, infinities, NaN.
inline void add_specials(std::vector<float>& inputs) {
  using Limits = std::numeric_limits<float>;
  for (const float input :
       {0.0F, Limits::denorm_min(), Limits::min(), std::nextafter(Limits::min(), 0.0F),
        Limits::max(), Limits::infinity(), Limits::quiet_NaN(), std::bit_cast<float>(0x7FA01234U),
        1.0F, 0x1.fffffep-127F, 0x1p-127F, 0x1.8p127F}) {
    inputs.push_back(input);
    inputs.push_back(-input);
  }
}

/// Inputs at which roundings to the format could err: the edges of its range, its ties, and numbers
/// of all sizes.
inline std::vector<float> edge_inputs(const Format& format, std::size_t random_inputs = 400) {
  const RoundingGrid grid = rounding_grid(format);
  std::vector<float> inputs;
  add_specials(inputs);
  const double quantum = std::ldexp(1.0, grid.min_quantum_exponent());
  for (const double part : {0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0})
    add_with_neighbours(inputs, part * quantum);
  const double min_normal = std::ldexp(1.0, grid.min_exponent);
  for (const double steps : {-1.5, -1.0, -0.5, -0.25, 0.0, 0.5, 1.0}) {
    add_with_neighbours(inputs, min_normal + steps * quantum);
  }
  const double last_step = std::ldexp(1.0, grid.max_exponent - grid.fraction_bits);
  for (const double steps : {-1.5, -1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5}) {
    add_with_neighbours(inputs, grid.max_positive + steps * last_step);
    add_with_neighbours(inputs, grid.max_negative + steps * last_step);
  }
  for (int exponent = -149; exponent <= 127; ++exponent)
    add_with_neighbours(inputs, std::ldexp(1.0, exponent));
  const RandomKey key = RandomKey{17}.child(spelling(format));
  const int exponents = grid.max_exponent + 2 - grid.min_quantum_exponent();
  for (std::size_t i = 0; i < random_inputs; ++i) {
    // Any code; and a number with few bits behind those that the format has, in the format's range.
    inputs.push_back(std::bit_cast<float>(random_bits(key, 3 * i)));
    const int exponent =
        grid.min_quantum_exponent() +
        static_cast<int>(random_below(key, 3 * i + 1, static_cast<std::uint32_t>(exponents)));
    const std::uint32_t significand =
        (random_bits(key, 3 * i + 2) | 0x80000000U) >> (31 - std::min(grid.fraction_bits + 2, 23));
    add_with_neighbours(inputs,
                        std::ldexp(significand, exponent - std::min(grid.fraction_bits + 2, 23)));
  }
  return inputs;
}

/// All values of a small format, the midpoints between them, and their neighbours.
inline std::vector<float> exhaustive_inputs(const Format& format) {
  std::vector<float> inputs;
  add_specials(inputs);
  const std::vector<double> values = finite_values(format);
  for (std::size_t i = 0; i < values.size(); ++i) {
    add_with_neighbours(inputs, values[i]);
    if (i + 1 < values.size())
      add_with_neighbours(inputs, values[i] + (values[i + 1] - values[i]) / 2);
  }
  const double last_step = values.back() - values[values.size() - 2];
  for (const double steps : {0.5, 1.0, 1.5, 2.0}) {
    add_with_neighbours(inputs, values.back() + steps * last_step);
    add_with_neighbours(inputs, values.front() - steps * last_step);
  }
  return inputs;
}

/// Wide formats of every kind: each rounding method, both ends of binary32, shifted biases, all
/// specials.
inline std::vector<Format> wide_formats() {
  std::vector<Format> formats;
  for (const char* text : {"fp16",       "bf16",         "tf32",        "e8m23sat",
                           "e8m22",      "e8m23nosub",   "e8m7nosub",   "e8m7sat",
                           "e8m1",       "e8m0",         "e8m0fn",      "e8m7fnuz",
                           "e8m22fnuz",  "e8m7fnb128",   "e8m7finb128", "e8m7fnb128nosub",
                           "e5m23",      "e5m22",        "e5m10fn",     "e5m10fnuz",
                           "e6m9nosub",  "e6m9sat",      "e7m16",       "e7m22",
                           "e7m23",      "e7m10b127",    "e7m10b0",     "e7m8b-1",
                           "e4m11b139",  "e4m11b-100",   "e4m22b127",   "e5m3b147nosub",
                           "e3m12b-121", "e6m17finb100", "e1m23fin",    "e1m12fnuz",
                           "e2m22",      "e8m10b128",    "e8m3b147",    "q8.8",
                           "q1.22",      "q1.23",        "q1.24",       "q24.1",
                           "q25.0",      "q12.12",       "q2.21",       "q16.0"}) {
    formats.push_back(parse_format(text));
  }
  return formats;
}

}  // namespace mantissa
