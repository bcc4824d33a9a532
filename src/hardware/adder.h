#pragma once

#include "hardware/arithmetic.h"

namespace mantissa {

/// Cost of adding a product to an accumulator, in the law's unit (pJ or um2).
///
/// `product`: its rounded format; for an exact product the wider of its operands, since a fused
/// multiply-add is charged like the two units (its rounder saved pays for its wider aligner), as
/// published figures are used.
///   float accumulator    significand sum (with 3 guard bits), exponent compare and adjust, aligner
///   and normaliser integer accumulator  integer addition; with a float product also the aligner
///   onto the grid, half of that
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

/// `chunk` C adds one addition in the chunk accumulator for each C products.
MacCost mac_cost(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac);

/// The unit in silicon: as `mac_cost`, but a chunk accumulator is there in full however rarely it
/// works.
MacCost mac_area(const ArithmeticLaw& law, const RandomBitCost& random, const NumberWidth& a,
                 const NumberWidth& b, const Mac& mac);

/// The format in which finished sums leave the array.
const Quantization& result_format(const Mac& mac);

}  // namespace mantissa
