#pragma once

#include "hardware/arithmetic.h"

namespace mantissa {

/// Cost of adding a product to an accumulator, in the law's unit (pJ or um2).
///
/// `product`: its rounded format; for an exact product the wider of its operands, since a fused
/// multiply-add is charged like the two units (its rounder saved pays for its wider aligner), as
/// published figures are used.
///
/// A float accumulator: significand sum (with 3 guard bits), exponent compare and adjust, aligner
/// and normaliser. An integer one: integer addition; with a float product also the aligner onto the
/// grid, half of that. A logarithm: the difference of the logarithms, its Gaussian logarithm
/// (`logarithm_function_cost`), and their sum. A product of the other kind pays one more function.
double adder_cost(const ArithmeticLaw& law, const NumberWidth& product,
                  const NumberWidth& accumulator);

/// What stochastic rounding adds to one rounding: the random bits and their addition below the last
/// place.
struct RandomBitCost {
  double per_bit = 0;  ///< pJ to make a random bit, or um2 of its generator
};
double rounding_cost(const ArithmeticLaw& law, const RandomBitCost& random, RoundingMode rounding);

/// The parts of one multiply-accumulate.
struct MacCost {
  double multiplier = 0;
  double accumulator = 0;
};

/// The sums of `Summation`, for each product:
///   chain, pairwise  one addition: a tree of n leaves has n - 1 nodes, and one adds the start
///   kahan            one addition of the product and three of two sums, each rounded
///   exact            an aligner into a register as wide as all products, and its addition
///   aligned          an aligner to F + 1 bits, an addition of the block's width, a comparison of
///                    exponents; the K-th part of one alignment, addition, normalisation and
///                    rounding of the accumulator. The multiplier has no normaliser
/// `chunk` C adds one addition in the chunk accumulator for each C products.
MacCost mac_cost(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac);

/// The unit in silicon: as `mac_cost`, but a chunk accumulator is there in full however rarely it
/// works.
MacCost mac_area(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac);

/// Bits that an element holds of a sum on its way: with kahan the compensation, of pairwise a sum
/// for each level, of exact the whole register; and the chunk accumulator.
double partial_sum_bits(const NumberWidth& a, const NumberWidth& b, const Mac& mac);

/// Bits of a sum that leaves the array unfinished: the same, but of chunks only their accumulator,
/// as a machine cuts the reduction between chunks.
double spilled_sum_bits(const NumberWidth& a, const NumberWidth& b, const Mac& mac);

/// The format in which finished sums leave the array.
const Quantization& result_format(const Mac& mac);

}  // namespace mantissa
