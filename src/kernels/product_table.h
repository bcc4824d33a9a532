#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "kernels/narrow_panels.h"

/// Products of an inexact multiplier of fixed-point operands of up to 8 bits, looked up.
namespace mantissa {

/// All products of a mac's multiplier, by the operands' numbers of quanta in two's complement.
struct ProductTable {
  static constexpr std::size_t kCodes = 256;
  static constexpr std::size_t kRow = 2 * kCodes;  ///< bytes of a left operand

  /// [left][the lower bytes of the products by right, then the upper ones]
  alignas(64) std::array<std::uint8_t, kCodes * kRow> bytes{};
  std::int32_t largest = 0;  ///< no magnitude is larger
  int quantum_exponent = 0;  ///< of the products
};

/// This CPU looks bytes up in registers, and the instruction set in force has its vectors.
bool has_byte_lookup();

/// The table of a mac whose multiplier is inexact, made once and kept; null if its operands are not
/// fixed point of up to 8 bits or a product has more than 16 bits. Any thread.
std::shared_ptr<const ProductTable> product_table(const Mac& mac);

/// codes[k][kTileRows] <- values[k][kTileRows], as places in a table. In place.
void pack_left_codes(float* values, std::int64_t depth, const Format& format);

/// codes[k] of 64 bytes <- values[k][stride], in the order in which the kernel wants its columns.
void pack_right_codes(const float* values, const PanelShape& shape, const Format& format,
                      float* codes);

/// sums <- sums + products, of a tile in codes, the sums as integers of 32 bits.
void multiply_codes(const Tile& tile, const Accumulation& self);

}  // namespace mantissa
