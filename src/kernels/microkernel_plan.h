#pragma once

#include <cstdint>

#include "kernels/microkernel.h"

/// What the parts of the choice of kernels share.
namespace mantissa {

constexpr int kSignificand32 = 24;
constexpr int kLowestExponent32 = -149;  ///< of the smallest subnormal binary32
constexpr int kHighestExponent32 = 127;

inline bool nearest_even(const Quantization& quantization) {
  return quantization.rounding.rounding == Rounding::nearest_even;
}

/// A sum or product that binary32 arithmetic itself rounds.
inline bool is_binary32(const Quantization& quantization) {
  return quantization.format.is_fp32() && nearest_even(quantization);
}

inline int quantum_exponent(const FloatFormat& format) {
  return format.min_exponent() - format.fraction_bits;
}

/// What is true of all products of a chain, before their rounding.
struct ProductFacts {
  int significand_bits = 0;
  int lowest_exponent = 0;
  int right_lowest_exponent = 0;  ///< of the right factors
  double bound = 0;               ///< no finite magnitude is larger
  bool finite = false;

  /// Nothing is lost where binary32 multiplies.
  bool exact_in_binary32() const {
    return significand_bits <= kSignificand32 && lowest_exponent >= kLowestExponent32 &&
           bound <= 0x1p127;
  }
};

/// No sum of a chain, before and after its rounding to nearest, is larger, as long as nothing
/// overflows.
///
/// With u = 2^-p the relative error of a rounding, n sums of products up to b stay below n (1 +
/// u)^n b, and (1 + u)^n is at most 1 + nu + (nu)^2 for nu <= 1. And a sum of T = 2^(e + p), with
/// the least 2^e > b, does not grow any more, as products are then below half its unit in the last
/// place.
double sum_bound(double product_bound, int significand_bits, std::int64_t depth);

/// Rounding leaves multiples of a power of two what they are, if it is not below the quantum; but a
/// sum that overflows may become the largest finite value.
int sums_lowest_exponent(const FloatFormat& format, const ProductFacts& product);

/// Serves a chain by binary32 lanes, rounded to nearest even, if that is proven to give its bits.
bool plan_binary32(const Mac& mac, const ProductFacts& product, std::int64_t depth, Plan32& plan);

/// Serves a Kahan-compensated sum by binary32 lanes, rounded to nearest even, if that is proven
/// to give its bits.
bool plan_kahan32(const Mac& mac, const ProductFacts& product, std::int64_t depth, Plan32& plan);

/// Serves most chains of a tapered accumulator, if the rounding is to nearest even and the
/// exponents of its products fit the table.
bool plan_tapered(const Mac& mac, const ProductFacts& product, PlanTapered& plan);

}  // namespace mantissa
