#include "kernels/microkernel_facts.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include <hwy/highway.h>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

namespace hn = hwy::HWY_NAMESPACE;  // the lowest instruction set: memory bounds this code

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

using Tag = hn::CappedTag<std::uint32_t, 8>;
using Words = hn::Vec<Tag>;

/// Gathers from eight values at a time.
class Gatherer {
 public:
  void add(Words words) {
    const Tag d;
    const hn::Repartition<float, Tag> floats;
    const hn::Repartition<std::int32_t, Tag> integers;
    const Words bits = hn::And(words, hn::Set(d, 0x7FFFFFFF));
    const auto special = hn::Gt(bits, hn::Set(d, 0x7F7FFFFF));
    infinite_or_nan_ = hn::Or(infinite_or_nan_, hn::VecFromMask(d, special));
    const Words finite = hn::IfThenZeroElse(special, bits);
    const auto zero = hn::Eq(finite, hn::Zero(d));
    const Words fraction = hn::And(finite, hn::Set(d, 0x7FFFFF));
    const Words significand = hn::Or(fraction, hn::Set(d, 0x800000));
    // The lowest set bit is a power of two, so binary32 holds it exactly: its exponent is the
    // number of zeros behind it.
    const Words lowest_bit = hn::And(significand, hn::Sub(hn::Zero(d), significand));
    const Words power = hn::BitCast(d, hn::ConvertTo(floats, hn::BitCast(integers, lowest_bit)));
    const Words exponents =
        hn::Add(hn::ShiftRight<23>(finite), hn::Sub(hn::ShiftRight<23>(power), hn::Set(d, 127)));
    fractions_ = hn::Or(fractions_, fraction);
    largest_ = hn::Max(largest_, finite);
    lowest_ = hn::Min(lowest_, hn::Or(exponents, hn::VecFromMask(d, zero)));
    const Words field = hn::And(finite, hn::Set(d, 0x7F800000));
    subnormal_ = hn::Or(subnormal_,
                        hn::IfThenZeroElse(zero, hn::VecFromMask(d, hn::Eq(field, hn::Zero(d)))));
  }

  Gathered result() const {
    const Tag d;
    Gathered gathered;
    alignas(32) std::uint32_t lanes[5][hn::MaxLanes(Tag())];
    hn::Store(fractions_, d, lanes[0]);
    hn::Store(largest_, d, lanes[1]);
    hn::Store(lowest_, d, lanes[2]);
    hn::Store(subnormal_, d, lanes[3]);
    hn::Store(infinite_or_nan_, d, lanes[4]);
    for (std::size_t i = 0; i < hn::MaxLanes(Tag()); ++i) {
      gathered.add({lanes[0][i], lanes[1][i], lanes[2][i], lanes[3][i], lanes[4][i]});
    }
    return gathered;
  }

 private:
  Words fractions_ = hn::Zero(Tag());
  Words largest_ = hn::Zero(Tag());
  Words lowest_ = hn::Set(Tag(), 0xFFFFFFFF);
  Words subnormal_ = hn::Zero(Tag());
  Words infinite_or_nan_ = hn::Zero(Tag());
};

Gathered gather(const float* values, std::int64_t count) {
  const Tag d;
  const hn::Repartition<float, Tag> floats;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(Tag()));
  Gatherer gatherer;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    gatherer.add(hn::BitCast(d, hn::LoadU(floats, values + i)));
  }
  if (i < count) {
    alignas(32) float rest[kLanes] = {};
    std::copy_n(values + i, count - i, rest);
    gatherer.add(hn::BitCast(d, hn::Load(floats, rest)));
  }
  return gatherer.result();
}

OperandFacts interpret(const Gathered& gathered) {
  OperandFacts facts;
  facts.finite = gathered.infinite_or_nan == 0;
  // A value of exponent field E and z zeros at its end is a multiple of 2^(E - 127 - 23 + z).
  constexpr int kBias = 127 + 23;
  facts.largest = std::bit_cast<float>(gathered.largest);
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
          std::min(a.lowest_exponent, b.lowest_exponent), std::max(a.largest, b.largest),
          a.finite && b.finite};
}

}  // namespace mantissa
