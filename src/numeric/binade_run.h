#pragma once

#include <cstdint>

#include "numeric/binade_table.h"
#include "numeric/quantize.h"

namespace mantissa {

/// Everything that one call rounds by.
struct BinadeRun {
  const BinadeTable& table;
  const Quantization& quantization;
  RandomKey key;
  std::uint64_t first_index = 0;
};

}  // namespace mantissa
