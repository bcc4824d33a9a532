#include "numeric/quire.h"

#include <cassert>
#include <cmath>
#include <limits>

namespace mantissa {
namespace {

constexpr std::uint32_t kPositiveInfinity = 1;
constexpr std::uint32_t kNegativeInfinity = 2;
constexpr std::uint32_t kNan = 4;

using Register = std::array<std::uint32_t, Quire::kWords>;

/// register += digits << (32 * first) with the sign given, digits below 2^96.
void add_words(std::uint32_t* words, int first, UnsignedInt128 digits, bool negative) {
  std::uint64_t carry = 0;
  for (int i = first; i < Quire::kWords; ++i) {
    const auto digit = static_cast<std::uint32_t>(digits);
    digits >>= 32;
    if (digit == 0 && digits == 0 && carry == 0) return;
    if (negative) {
      const std::uint64_t difference = std::uint64_t{words[i]} - digit - carry;
      words[i] = static_cast<std::uint32_t>(difference);
      carry = difference >> 63;
    } else {
      const std::uint64_t sum = std::uint64_t{words[i]} + digit + carry;
      words[i] = static_cast<std::uint32_t>(sum);
      carry = sum >> 32;
    }
  }
}

/// The magnitude's leading 97 to 128 bits and whether there is anything below them.
ExactValue leading_part(const Register& magnitude, bool negative) {
  ExactValue value;
  value.negative = negative;
  int top = Quire::kWords - 1;
  while (top > 0 && magnitude[static_cast<std::size_t>(top)] == 0) --top;
  const int bottom = top >= 3 ? top - 3 : 0;
  for (int i = top; i >= bottom; --i) {
    value.magnitude = value.magnitude << 32 | magnitude[static_cast<std::size_t>(i)];
  }
  for (int i = 0; i < bottom; ++i) {
    value.has_tail = value.has_tail || magnitude[static_cast<std::size_t>(i)] != 0;
  }
  value.exponent = Quire::kLowestExponent + 32 * bottom;
  return value;
}

double special_value(std::uint32_t flags) {
  if (flags == kPositiveInfinity) return std::numeric_limits<double>::infinity();
  if (flags == kNegativeInfinity) return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

void Quire::add(double product) {
  if (!std::isfinite(product)) {
    const std::uint32_t infinity = product > 0 ? kPositiveInfinity : kNegativeInfinity;
    words_[kWords] |= std::isnan(product) ? kNan : infinity;
    return;
  }
  if (product == 0) return;
  ExactValue exact = exact_value(product);
  int shift = exact.exponent - kLowestExponent;
  if (shift < 0) {  // the digits below the register's last are zeros
    assert((exact.magnitude & ((UnsignedInt128{1} << -shift) - 1)) == 0);
    exact.magnitude >>= -shift;
    shift = 0;
  }
  add_words(words_.data(), shift / 32, exact.magnitude << (shift % 32), exact.negative);
}

double Quire::rounded(const Quantization& to, std::uint32_t random) const {
  if (words_[kWords] != 0) {
    return round_to_format(special_value(words_[kWords]), to.format, to.rounding);
  }
  const bool negative = words_[kWords - 1] >> 31 != 0;
  Register magnitude;
  std::uint64_t carry = negative ? 1 : 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::uint64_t digit = (negative ? ~words_[i] : words_[i]) + carry;
    magnitude[i] = static_cast<std::uint32_t>(digit);
    carry = digit >> 32;
  }
  const ExactValue exact = leading_part(magnitude, negative);
  if (exact.is_zero()) return 0;
  return round_exact(exact, to, random);
}

}  // namespace mantissa
