#include "numeric/exact.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <utility>

namespace mantissa {
namespace {

constexpr int kWidth = 128;
constexpr int kSumExponentRoom =
    72;  // bits below a binary64 significand when it is aligned for a sum

/// What is cut off when |value| is divided by the quantum: its size against a half, and its first
/// 32 bits.
struct Discarded {
  bool is_zero = true;
  int against_half = -1;  ///< -1 below, 0 equal, 1 above
  std::uint32_t first_bits = 0;
};

Discarded discarded_part(const ExactValue& value, int shift) {
  const UnsignedInt128 one = 1;
  const UnsignedInt128 rest =
      shift >= kWidth ? value.magnitude : value.magnitude & ((one << shift) - 1);
  Discarded part;
  part.is_zero = rest == 0 && !value.has_tail;
  if (shift <= kWidth) {
    const UnsignedInt128 half = one << (shift - 1);
    if (rest > half || (rest == half && value.has_tail)) part.against_half = 1;
    if (rest == half && !value.has_tail) part.against_half = 0;
  }
  if (shift < 32) {
    part.first_bits = static_cast<std::uint32_t>(rest << (32 - shift));
  } else if (shift - 32 < kWidth) {
    part.first_bits = static_cast<std::uint32_t>(rest >> (shift - 32));
  }
  return part;
}

bool rounds_away(const Discarded& part, bool odd, bool negative, RoundingMode mode,
                 std::uint32_t random) {
  if (part.is_zero) return false;
  switch (mode.rounding) {
    case Rounding::nearest_even:
      return part.against_half > 0 || (part.against_half == 0 && odd);
    case Rounding::nearest_away:
      return part.against_half >= 0;
    case Rounding::toward_zero:
      return false;
    case Rounding::up:
      return !negative;
    case Rounding::down:
      return negative;
    case Rounding::to_odd:
      return !odd;
    case Rounding::stochastic: {
      const int unused = mode.random_bits == 0 ? 0 : 32 - mode.random_bits;
      return (random >> unused) < (part.first_bits >> unused);
    }
  }
  return false;
}

}  // namespace

int ExactValue::leading_exponent() const {
  const auto high = static_cast<std::uint64_t>(magnitude >> 64);
  const auto low = static_cast<std::uint64_t>(magnitude);
  const auto length = static_cast<int>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
  return exponent + length - 1;
}

ExactValue exact_value(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto fraction = bits & ((std::uint64_t{1} << 52) - 1);
  const int field = static_cast<int>((bits >> 52) & 0x7FF);
  assert(field != 0x7FF);
  ExactValue exact;
  exact.negative = std::signbit(value);
  exact.magnitude = field == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
  exact.exponent = (field == 0 ? 1 : field) - 1075;
  return exact;
}

ExactValue exact_sum(double a, double b) {
  ExactValue large = exact_value(a);
  ExactValue small = exact_value(b);
  if (small.magnitude == 0) return large;
  if (large.magnitude == 0) return small;
  if (small.exponent > large.exponent) std::swap(large, small);
  large.magnitude <<= kSumExponentRoom;
  large.exponent -= kSumExponentRoom;
  const int shift = small.exponent - large.exponent;
  if (shift >= 0) {
    small.magnitude <<= shift;
  } else {
    const UnsignedInt128 whole = shift > -kWidth ? small.magnitude >> -shift : 0;
    large.has_tail = shift <= -kWidth || (whole << -shift) != small.magnitude;
    small.magnitude = whole;
  }
  if (large.negative == small.negative) {
    large.magnitude += small.magnitude;
  } else if (large.magnitude >= small.magnitude + (large.has_tail ? 1 : 0)) {
    // Subtracting a number with a tail t leaves the tail 1 - t behind the next lower integer.
    large.magnitude -= small.magnitude + (large.has_tail ? 1 : 0);
  } else {
    large.magnitude = small.magnitude - large.magnitude;
    large.negative = small.negative;
  }
  return large;
}

std::uint64_t round_to_multiple(const ExactValue& value, int quantum_exponent, RoundingMode mode,
                                std::uint32_t random) {
  const int shift = quantum_exponent - value.exponent;
  if (shift <= 0) {
    assert(!value.has_tail);
    return static_cast<std::uint64_t>(value.magnitude << -shift);
  }
  const auto whole =
      shift >= kWidth ? std::uint64_t{0} : static_cast<std::uint64_t>(value.magnitude >> shift);
  const Discarded part = discarded_part(value, shift);
  const bool away = rounds_away(part, whole % 2 != 0, value.negative, mode, random);
  return whole + (away ? 1 : 0);
}

}  // namespace mantissa
