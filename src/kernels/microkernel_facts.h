#pragma once

#include <cstdint>

#include "kernels/matmul.h"

namespace mantissa {

/// What is true of every value of an operand. Kernels are chosen by proof from it.
struct OperandFacts {
  int significand_bits = 24;       ///< no value has more, from its first to its last set bit
  int lowest_exponent = -149;      ///< every value is a multiple of 2^lowest_exponent
  float largest = 3.40282347e38F;  ///< no finite magnitude is larger (here: the largest binary32)
  bool finite = false;             ///< neither infinities nor NaN
};

/// Reads all values once.
OperandFacts measure_facts(const float* values, std::int64_t count);
OperandFacts measure_facts(const MatrixView& matrix);

/// What is true of all values of both.
OperandFacts join(const OperandFacts& a, const OperandFacts& b);

}  // namespace mantissa
