#pragma once

#include <string_view>

#include "hardware/power_law.h"
#include "numeric/mac.h"

namespace mantissa {

/// Published costs of eight units in one technology: the anchors of every arithmetic law. pJ per
/// operation, or um2.
struct ArithmeticAnchors {
  double int8_add = 0;
  double int32_add = 0;
  double fp16_add = 0;
  double fp32_add = 0;
  double int8_multiply = 0;
  double int32_multiply = 0;
  double fp16_multiply = 0;
  double fp32_multiply = 0;
};

/// Costs of units of any width, in the anchors' unit. Passes through all eight anchors; never falls
/// when a width grows.
struct ArithmeticLaw {
  PowerLaw integer_add;        ///< of the width in bits
  PowerLaw integer_multiply;   ///< of the product of the two widths
  PowerLaw normalise_product;  ///< of shifter_size(sum of the significand widths): what a float
                               ///< multiplier has besides the significand product and the
                               ///< exponent's two additions
  PowerLaw align_sum;  ///< of shifter_size(significand width + 3): what a float adder has besides
                       ///< the significand sum and the exponent's two additions
};

/// Throws Error, naming `where`, if the anchors contradict the shape of the laws (a wider unit
/// cheaper than a narrower one, a float unit cheaper than the integer unit inside it).
ArithmeticLaw fit_arithmetic(const ArithmeticAnchors& anchors, std::string_view where);

/// The guard, round and sticky bits of a float adder.
inline constexpr int kGuardBits = 3;

/// What the arithmetic units need to know of a format.
struct NumberWidth {
  int significand_bits =
      24;  ///< of a float, with the hidden bit; of fixed point, the whole number with its sign
  int exponent_bits = 8;  ///< 0: fixed point
  double storage_bits = 32;
  int range_bits = 277;  ///< from the first place of the largest value to the last of the smallest
  /// Of a logarithm, whose integer part are the exponent bits; 0 unless the format is logarithmic.
  int logarithm_bits = 0;

  bool is_integer() const { return exponent_bits == 0; }
  bool is_logarithm() const { return logarithm_bits > 0; }
  friend bool operator==(const NumberWidth&, const NumberWidth&) = default;
};
NumberWidth number_width(const Format& format);

/// What a unit costs that takes a logarithm of `number` to a number or back, or gives the Gaussian
/// logarithm of a sum: by linear interpolation, a product of the fraction and guard bits by half as
/// many, and an addition. The tables of both coefficients are left out.
double logarithm_function_cost(const ArithmeticLaw& law, const NumberWidth& number);

/// The width of each part is the larger of the two: the unit that serves both.
NumberWidth wider(const NumberWidth& a, const NumberWidth& b);

}  // namespace mantissa
