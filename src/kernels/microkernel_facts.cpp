#include "kernels/microkernel_facts.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kGrain = 1 << 14;  // values a task reads

/// Bits gathered over many values.
struct Gathered {
  std::uint32_t fractions = 0;        ///< or of the stored significands
  std::uint32_t largest = 0;          ///< of the finite magnitudes, as bits
  std::uint32_t lowest = 0xFFFFFFFF;  ///< exponent field plus trailing zeros of the significand
  std::uint32_t subnormal = 0;
  std::uint32_t infinite_or_nan = 0;

  void add(const Gathered& other) {
    fractions |= other.fractions;
    largest = std::max(largest, other.largest);
    lowest = std::min(lowest, other.lowest);
    subnormal |= other.subnormal;
    infinite_or_nan |= other.infinite_or_nan;
  }
};

/// Written for the compiler to vectorise: no branches, all operations on 32-bit lanes.
Gathered gather(const float* values, std::int64_t count) {
  std::uint32_t fractions = 0;
  std::uint32_t largest = 0;
  std::uint32_t lowest = 0xFFFFFFFF;
  std::uint32_t subnormal = 0;
  std::uint32_t infinite_or_nan = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(values[i]) & 0x7FFFFFFF;
    const std::uint32_t fraction = bits & 0x7FFFFF;
    const std::uint32_t significand = fraction | 0x800000;
    // The lowest set bit is a power of two, so binary32 holds it exactly: its exponent is the
    // number of zeros behind it.
    const auto lowest_bit = static_cast<std::int32_t>(significand & (0U - significand));
    const std::uint32_t zeros =
        (std::bit_cast<std::uint32_t>(static_cast<float>(lowest_bit)) >> 23) - 127;
    const bool is_zero = bits == 0;
    const bool is_special = bits >= 0x7F800000;
    fractions |= is_special ? 0 : fraction;
    largest = std::max(largest, is_special ? 0 : bits);
    lowest = std::min(lowest, is_zero || is_special ? 0xFFFFFFFF : (bits >> 23) + zeros);
    subnormal |= bits < 0x800000 && !is_zero ? 1 : 0;
    infinite_or_nan |= is_special ? 1 : 0;
  }
  return {fractions, largest, lowest, subnormal, infinite_or_nan};
}

OperandFacts interpret(const Gathered& gathered) {
  OperandFacts facts;
  facts.finite = gathered.infinite_or_nan == 0;
  // A value of exponent field E and z zeros at its end is a multiple of 2^(E - 127 - 23 + z).
  constexpr int kBias = 127 + 23;
  facts.highest_exponent = static_cast<int>(gathered.largest >> 23) - 127;
  if (gathered.subnormal != 0) return facts;  // rare: assume the worst of them
  const int zeros = gathered.fractions == 0 ? 23 : std::countr_zero(gathered.fractions);
  facts.significand_bits = 24 - zeros;
  facts.lowest_exponent =
      gathered.lowest == 0xFFFFFFFF ? 0 : static_cast<int>(gathered.lowest) - kBias;
  return facts;
}

/// The facts of rows [0, rows) of `columns` adjacent values each.
OperandFacts measure_rows(const float* values, std::int64_t rows, std::int64_t columns,
                          std::int64_t row_stride) {
  Gathered total;
  std::mutex mutex;
  const std::int64_t grain = std::max<std::int64_t>(kGrain / std::max<std::int64_t>(columns, 1), 1);
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    Gathered part;
    for (std::int64_t row = begin; row < end; ++row) {
      part.add(gather(values + row * row_stride, columns));
    }
    const std::scoped_lock lock(mutex);
    total.add(part);
  });
  return interpret(total);
}

}  // namespace

OperandFacts measure_facts(const float* values, std::int64_t count) {
  constexpr std::int64_t kRow = 4096;
  const OperandFacts whole = measure_rows(values, count / kRow, kRow, kRow);
  const OperandFacts rest =
      measure_rows(values + count / kRow * kRow, 1, count % kRow, count % kRow);
  if (count < kRow) return rest;
  return count % kRow == 0 ? whole : join(whole, rest);
}

OperandFacts measure_facts(const MatrixView& matrix) {
  if (matrix.column_stride == 1) {
    return measure_rows(matrix.data, matrix.rows, matrix.columns, matrix.row_stride);
  }
  if (matrix.row_stride == 1) {
    return measure_rows(matrix.data, matrix.columns, matrix.rows, matrix.column_stride);
  }
  return {};
}

OperandFacts join(const OperandFacts& a, const OperandFacts& b) {
  return {std::max(a.significand_bits, b.significand_bits),
          std::min(a.lowest_exponent, b.lowest_exponent),
          std::max(a.highest_exponent, b.highest_exponent), a.finite && b.finite};
}

}  // namespace mantissa
