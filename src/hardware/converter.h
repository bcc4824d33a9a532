#pragma once

#include "hardware/adder.h"

namespace mantissa {

/// Cost of moving one number from a format to another, in the law's unit: nothing between equal
/// formats; else a shifter of the wider significand (half of a float adder's aligner and
/// normaliser), a rounding increment and the exponent's re-bias; with stochastic rounding its
/// random bits.
double converter_cost(const ArithmeticLaw& law, const RandomBitCost& random, const Format& from,
                      const Quantization& to);

}  // namespace mantissa
