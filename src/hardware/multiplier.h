#pragma once

#include "hardware/arithmetic.h"

namespace mantissa {

/// Cost of one multiplication a * b, in the law's unit (pJ or um2).
///
/// Two integers: the integer law at the product of their widths. Else a float multiplier: the
/// integer law at the product of the significand widths, two additions of the wider exponent (sum,
/// bias) and a normaliser and rounder of the product's width. An integer beside a float enters as a
/// significand without an exponent of its own.
///
/// Two logarithms are added. One beside another number is made a number first
/// (`logarithm_function_cost`).
double multiplier_cost(const ArithmeticLaw& law, const NumberWidth& a, const NumberWidth& b,
                       const Multiplier& multiplier = {});

/// The array of the significands alone.
///   truncated<K>  the integer law at the number of partial products that are left
///   drum<K>       the integer law at K x K bits (or the operand's, where it has fewer); integers
///                 also pay for finding their leading ones and shifting back: an aligner and
///                 normaliser of their width
///   mitchell      one addition of the wider significand; integers likewise
///   table         as exact: what a published circuit saves, its publication says
double significand_product_cost(const ArithmeticLaw& law, const NumberWidth& a,
                                const NumberWidth& b, const Multiplier& multiplier);

}  // namespace mantissa
