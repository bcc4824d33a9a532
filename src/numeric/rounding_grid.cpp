#include "numeric/rounding_grid.h"

#include <cassert>
#include <cmath>

#include "numeric/family.h"

namespace mantissa {

namespace {

constexpr int kMinExponent = -126;  // of normal binary32 numbers
constexpr int kMaxExponent = 127;
constexpr int kCarrierFraction = 23;

template <typename Parameters>
concept HasGrid = requires(const Parameters& parameters) {
  family::grid(parameters);
};

}  // namespace

bool has_rounding_grid(const Format& format) {
  return std::visit([](const auto& parameters) { return HasGrid<decltype(parameters)>; },
                    format.parameters());
}

RoundingGrid rounding_grid(const Format& format) {
  return std::visit(
      [](const auto& parameters) -> RoundingGrid {
        if constexpr (HasGrid<decltype(parameters)>) return family::grid(parameters);
        assert(!"the format has a grid");
        return {};
      },
      format.parameters());
}

RoundingMethod rounding_method(const RoundingGrid& grid) {
  // Without fraction bits the last bit of a code is an exponent's, so that codes do not show which
  // significand is even.
  if (grid.min_exponent == kMinExponent && grid.fraction_bits >= 1 &&
      grid.fraction_bits < kCarrierFraction) {
    return RoundingMethod::bits;
  }
  // Overflowing magnitudes are cut to 2^(max_exponent + 1), to which 2^23 quanta of its own are
  // added.
  const int largest_addend = grid.max_exponent + 1 + kCarrierFraction - grid.fraction_bits;
  if (grid.fraction_bits < kCarrierFraction && largest_addend < kMaxExponent &&
      grid.min_exponent >= kMinExponent && grid.min_quantum_exponent() >= kMinExponent) {
    return RoundingMethod::binary32;
  }
  return RoundingMethod::binary64;
}

bool can_round_codes(const RoundingGrid& grid) {
  return grid.max_positive == grid.max_negative && grid.fraction_bits < kCarrierFraction &&
         grid.min_exponent >= kMinExponent && grid.max_exponent <= kMaxExponent;
}

}  // namespace mantissa
