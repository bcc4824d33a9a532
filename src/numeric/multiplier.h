#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "numeric/format.h"
#include "numeric/multiplier_table.h"

namespace mantissa {

enum class MultiplierKind : std::uint8_t {
  exact,
  truncated,  ///< `truncated<K>`: the K lowest columns of the partial products are left out
  mitchell,   ///< logarithms by Mitchell's linear approximation (IRE Trans. EC-11, 1962)
  drum,       ///< `drum<K>`: K bits from the leading one on, the last set where bits are cut off
              ///< (Hashemi, Bahar & Reda, ICCAD 2015)
  table,      ///< a table of products from a file
};

/// The circuit that multiplies two operands.
struct Multiplier {
  MultiplierKind kind = MultiplierKind::exact;
  int bits = 0;  ///< K of `truncated` and `drum`
  std::shared_ptr<const MultiplierTable> table;

  bool is_exact() const { return kind == MultiplierKind::exact; }
  friend bool operator==(const Multiplier& a, const Multiplier& b);
};

/// A finite number as a multiplier reads it: `significand * 2^exponent`, negated if `negative`.
struct OperandBits {
  bool negative = false;
  std::uint32_t significand = 0;
  int exponent = 0;  ///< of the significand's last place
  int leading = 0;   ///< of its first place: the exponent that a unit adds and compares

  bool is_zero() const { return significand == 0; }
};

/// Reads a finite value as a member of `format`. A float's significand has its hidden bit first,
/// but a subnormal one has the smallest normal exponent and zeros in front. Fixed point has one
/// exponent for all. What lies below the last place is cut off; beyond the ends of a fixed-point
/// format stands the end.
OperandBits read_operand(float value, const Format& format);

/// Width of the significand that `read_operand` gives: p of a float, all bits of fixed point.
int operand_bits(const Format& format);

/// What the circuit makes of two finite operands, `fixed` point or not; exact in binary64.
///
/// Signs and zeros are handled beside the array, so a zero operand gives a zero with the sign of
/// the product; but a table of two's complement codes is asked for every product.
double multiply_operands(const OperandBits& a, const OperandBits& b, const Multiplier& multiplier,
                         bool fixed);

/// The product of any two binary32 values; infinities and NaN follow IEEE 754.
double multiply(float a, float b, const Multiplier& multiplier, const Format& left,
                const Format& right);

/// `exact`, `truncated<K>`, `mitchell`, `drum<K>`, `table:<file>`, `offset-table:<file>` or
/// `magnitude-table:<file>`; a table's file is followed by `#` and the first digits of the SHA-256
/// of its entries, which are checked where they are given.
std::string spelling(const Multiplier& multiplier);

/// Reads a spelling; `left` and `right` say how large a table is. Throws Error with the nearest
/// word, the file at fault, or what makes the combination impossible.
Multiplier parse_multiplier(std::string_view text, const Format& left, const Format& right);

}  // namespace mantissa
