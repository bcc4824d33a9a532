#pragma once

#include <cstdint>
#include <span>

#include "numeric/exact.h"
#include "numeric/format.h"
#include "numeric/rounding.h"
#include "numeric/scaling.h"
#include "support/random.h"

namespace mantissa {

/// A format and the rounding by which values enter it; with a scaling, the format of the elements
/// that are scaled.
struct Quantization {
  Format format;
  RoundingMode rounding = {};
  Scaling scaling = {};

  bool is_identity() const { return format.is_fp32() && !scaling.scales(); }
  friend bool operator==(const Quantization&, const Quantization&) = default;
};

/// The member of `format` that `value` rounds to, by exact arithmetic: the readable reference that
/// every vector kernel must equal bit for bit.
///
/// `value` is a binary64, rounded once. `random` is the uniform word that stochastic rounding
/// compares the discarded part with; unused otherwise. NaN stays NaN; overflow, subnormals and
/// zeros follow docs/numerics.md.
double round_to_format(double value, const Format& format, RoundingMode rounding,
                       std::uint32_t random = 0);

/// The same of an exact number, finite and not zero.
double round_exact(const ExactValue& value, const Quantization& to, std::uint32_t random = 0);

/// Rounds each element of `values` to the nearest member of the format, in place; one pass over
/// memory.
///
/// With stochastic rounding the random word of element i is `rounding_word(key, first_index + i)`,
/// so the result is the same on any number of threads. Single-threaded: callers split large tensors
/// (`parallel_for`).
void quantize(std::span<float> values, const Quantization& quantization, RandomKey key = {},
              std::uint64_t first_index = 0);

/// As above from `source` to `destination` (equal sizes; may be the same, must not overlap
/// otherwise).
void quantize(std::span<const float> source, std::span<float> destination,
              const Quantization& quantization, RandomKey key = {}, std::uint64_t first_index = 0);

}  // namespace mantissa
