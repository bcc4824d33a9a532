#pragma once

#include "hardware/arithmetic.h"

namespace mantissa {

/// Cost of one multiplication a * b, in the law's unit (pJ or um2).
///
/// Two integers: the integer law at the product of their widths. Else a float multiplier: the
/// integer law at the product of the significand widths, two additions of the wider exponent (sum,
/// bias) and a normaliser and rounder of the product's width. An integer beside a float enters as a
/// significand without an exponent of its own.
double multiplier_cost(const ArithmeticLaw& law, const NumberWidth& a, const NumberWidth& b);

}  // namespace mantissa
