#include "numeric/neighbours.h"

#include <algorithm>
#include <cmath>

namespace mantissa {
namespace {

/// |value| against 2^exponent, where its leading exponent is known: -1, 0 or 1.
int against_power(const ExactValue& value, int leading, int exponent) {
  if (leading != exponent) return leading < exponent ? -1 : 1;
  const UnsignedInt128 power = UnsignedInt128{1} << (leading - value.exponent);
  return value.magnitude > power || value.has_tail ? 1 : 0;
}

/// A multiple of 2^unit as a number of units.
UnsignedInt128 in_units(double number, int unit) {
  if (number == 0) return 0;  // its exponent is far from any unit
  const ExactValue exact = exact_value(number);
  const int shift = exact.exponent - unit;
  return shift >= 0 ? exact.magnitude << shift : exact.magnitude >> -shift;
}

}  // namespace

Neighbours multiples_around(const ExactValue& value, int quantum_exponent) {
  const RoundingMode toward_zero{Rounding::toward_zero, 0};
  const std::uint64_t multiple = round_to_multiple(value, quantum_exponent, toward_zero, 0);
  // Half the quantum decides; what is below a quarter need only be told from nothing.
  const RoundingMode to_odd{Rounding::to_odd, 0};
  const std::uint64_t quarters = round_to_multiple(value, quantum_exponent - 2, to_odd, 0) % 4;
  Neighbours neighbours;
  neighbours.below = std::ldexp(static_cast<double>(multiple), quantum_exponent);
  neighbours.above = quarters == 0
                         ? neighbours.below
                         : std::ldexp(static_cast<double>(multiple + 1), quantum_exponent);
  neighbours.against_middle = static_cast<int>(quarters > 2) - static_cast<int>(quarters < 2);
  neighbours.below_is_odd = multiple % 2 != 0;
  return neighbours;
}

Neighbours powers_around(const ExactValue& value, int low_exponent, int high_exponent,
                         int middle_exponent) {
  const int leading = value.leading_exponent();
  Neighbours neighbours;
  neighbours.below = std::ldexp(1.0, low_exponent);
  neighbours.above = against_power(value, leading, low_exponent) == 0
                         ? neighbours.below
                         : std::ldexp(1.0, high_exponent);
  neighbours.against_middle = against_power(value, leading, middle_exponent);
  return neighbours;
}

Neighbours within(Neighbours neighbours, double least, double largest) {
  if (neighbours.below < least) neighbours.below = neighbours.above = least;
  if (neighbours.above > largest) {
    neighbours.below = std::min(neighbours.below, largest);
    neighbours.above = neighbours.below;
  }
  return neighbours;
}

double choose(const Neighbours& neighbours, const ExactValue& value, RoundingMode mode,
              std::uint32_t random) {
  bool away = false;
  if (neighbours.above != neighbours.below) {
    switch (mode.rounding) {
      case Rounding::nearest_even:
        away = neighbours.against_middle > 0 ||
               (neighbours.against_middle == 0 && neighbours.below_is_odd);
        break;
      case Rounding::nearest_away:
        away = neighbours.against_middle >= 0;
        break;
      case Rounding::toward_zero:
        break;
      case Rounding::up:
        away = !value.negative;
        break;
      case Rounding::down:
        away = value.negative;
        break;
      case Rounding::to_odd:
        away = !neighbours.below_is_odd;
        break;
      case Rounding::stochastic: {
        const int unused = mode.random_bits == 0 ? 0 : 32 - mode.random_bits;
        away = (random >> unused) <
               (fraction_between(value, neighbours.below, neighbours.above) >> unused);
        break;
      }
    }
  }
  const double magnitude = away ? neighbours.above : neighbours.below;
  return value.negative ? -magnitude : magnitude;
}

std::uint32_t fraction_between(const ExactValue& value, double below, double above) {
  constexpr int kFractionBits = 32;
  constexpr int kSignificand = 24;  // of binary32
  constexpr int kWidth = 128;
  // Both are whole numbers of units, and of at most 88 bits.
  const int unit = std::ilogb(below == 0 ? above : below) + 1 - kSignificand;
  const UnsignedInt128 low = in_units(below, unit);
  const UnsignedInt128 step = in_units(above, unit) - low;
  const int shift = value.exponent - unit + kFractionBits;
  const UnsignedInt128 scaled = shift >= 0        ? value.magnitude << shift
                                : shift > -kWidth ? value.magnitude >> -shift
                                                  : 0;
  return static_cast<std::uint32_t>((scaled - (low << kFractionBits)) / step);
}

}  // namespace mantissa
