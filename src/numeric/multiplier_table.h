#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mantissa {

/// Which entry of a table holds the product of two operands.
enum class TableIndex : std::uint8_t {
  codes,       ///< `table`: row and column are the operands' codes: significands of floats (hidden
               ///< bit included), two's complement of fixed point read as unsigned
  offset,      ///< `offset-table`: fixed point; row and column are the values plus 2^(N-1)
  magnitudes,  ///< `magnitude-table`: fixed point; unsigned products of magnitudes, signs beside it
};

/// All products of a multiplier of small operands, from a file.
///
/// Two layouts are read, row by row, the left operand's row first:
///   text    a C array as published approximate-multiplier libraries have it: all integers in the
///           first braces, decimal or hexadecimal, whatever braces and comments stand among them;
///           or a file of numbers only
///   binary  (files named `.bin`) little-endian integers of 1, 2 or 4 bytes, as many as the size of
///           the file says; signed where the products are, that is for `codes` and `offset` of
///           fixed point
class MultiplierTable {
 public:
  /// Reads 2^left_bits rows of 2^right_bits products. Throws Error naming the file if it cannot be
  /// read, has another number of entries or one beyond 32 bits.
  MultiplierTable(std::string_view path, TableIndex index, int left_bits, int right_bits,
                  bool is_signed);

  const std::string& path() const { return path_; }
  TableIndex index() const { return index_; }
  /// The first 12 hexadecimal digits of the SHA-256 of the entries as little-endian 32-bit numbers.
  const std::string& digest() const { return digest_; }
  int left_bits() const { return left_bits_; }
  int right_bits() const { return right_bits_; }

  std::int32_t at(std::uint32_t row, std::uint32_t column) const {
    return entries_[(static_cast<std::size_t>(row) << right_bits_) + column];
  }
  const std::vector<std::int32_t>& entries() const { return entries_; }

 private:
  std::string path_;
  TableIndex index_;
  int left_bits_;
  int right_bits_;
  std::vector<std::int32_t> entries_;
  std::string digest_;
};

}  // namespace mantissa
