#include "kernels/microkernel_facts.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include "tensor/parallel.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_facts.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<std::uint32_t>;
using Words = hn::Vec<Tag>;

/// Gathers from a vector of values at a time, as long as they are finite.
class FiniteGatherer {
 public:
  HWY_INLINE FiniteGatherer()
      : all_(hn::Zero(Tag())),
        largest_(hn::Zero(Tag())),
        smallest_(hn::Set(Tag(), 0xFFFFFFFF)),
        lowest_(hn::Set(Tag(), 0xFFFFFFFF)) {}

  HWY_INLINE void add(Words words) {
    const Tag d;
    const hn::RebindToFloat<Tag> floats;
    const hn::RebindToSigned<Tag> integers;
    const Words bits = hn::And(words, hn::Set(d, 0x7FFFFFFF));
    const Words before = hn::Sub(bits, hn::Set(d, 1));  // a zero is behind all others
    all_ = hn::Or(all_, bits);
    largest_ = hn::Max(largest_, bits);
    smallest_ = hn::Min(smallest_, before);
    // The lowest set bit of the significand is a power of two, so binary32 holds it exactly.
    const Words significand = hn::Or(hn::And(bits, hn::Set(d, 0x7FFFFF)), hn::Set(d, 0x800000));
    const Words lowest_bit = hn::And(significand, hn::Sub(hn::Zero(d), significand));
    const Words power = hn::BitCast(d, hn::ConvertTo(floats, hn::BitCast(integers, lowest_bit)));
    const Words exponents = hn::Add(power, hn::And(bits, hn::Set(d, 0x7F800000)));
    const Words zero = hn::BitCast(d, hn::BroadcastSignBit(hn::BitCast(integers, before)));
    lowest_ = hn::Min(lowest_, hn::Or(exponents, zero));
  }

  /// {or of all magnitudes, largest, smallest but zero less one, lowest exponents' sum}
  HWY_INLINE void store(std::uint32_t (*lanes)[hn::MaxLanes(Tag())]) const {
    const Tag d;
    hn::StoreU(all_, d, lanes[0]);
    hn::StoreU(largest_, d, lanes[1]);
    hn::StoreU(smallest_, d, lanes[2]);
    hn::StoreU(lowest_, d, lanes[3]);
  }

 private:
  Words all_;
  Words largest_;
  Words smallest_;
  Words lowest_;
};

}  // namespace

void gather_finite(const float* values, std::int64_t count, std::uint32_t* gathered) {
  const Tag d;
  const hn::RebindToFloat<Tag> floats;
  constexpr std::size_t kLanes = hn::MaxLanes(Tag());
  constexpr auto kStep = static_cast<std::int64_t>(kLanes);
  FiniteGatherer first;
  FiniteGatherer second;
  std::int64_t i = 0;
  for (; i + 2 * kStep <= count; i += 2 * kStep) {
    first.add(hn::BitCast(d, hn::LoadU(floats, values + i)));
    second.add(hn::BitCast(d, hn::LoadU(floats, values + i + kStep)));
  }
  for (; i < count; i += kStep) {
    float rest[kLanes] = {};
    std::copy_n(values + i, std::min(kStep, count - i), rest);
    first.add(hn::BitCast(d, hn::LoadU(floats, rest)));
  }
  std::uint32_t lanes[8][kLanes];
  first.store(lanes);
  second.store(lanes + 4);
  for (std::size_t row = 0; row < 8; row += 4) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      gathered[0] |= lanes[row][lane];
      gathered[1] = std::max(gathered[1], lanes[row + 1][lane]);
      gathered[2] = std::min(gathered[2], lanes[row + 2][lane]);
      gathered[3] = std::min(gathered[3], lanes[row + 3][lane]);
    }
  }
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(gather_finite);

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

/// Gathers from one value; infinities and NaN count for themselves only.
void add_value(std::uint32_t value, Gathered& gathered) {
  const std::uint32_t bits = value & 0x7FFFFFFFU;
  Gathered one;
  if (bits > 0x7F7FFFFFU) {
    one.infinite_or_nan = 1;
  } else if (bits != 0) {
    one.fractions = bits & 0x7FFFFFU;
    one.largest = bits;
    one.lowest =
        (bits >> 23) + static_cast<std::uint32_t>(std::countr_zero(one.fractions | 0x800000U));
    one.subnormal = bits < 0x800000U ? 1 : 0;
  }
  gathered.add(one);
}

Gathered gather(const float* values, std::int64_t count) {
  std::uint32_t words[4] = {0, 0, 0xFFFFFFFF, 0xFFFFFFFF};
  HWY_DYNAMIC_DISPATCH(gather_finite)(values, count, words);
  Gathered gathered;
  if (words[1] > 0x7F7FFFFFU) {  // rare
    for (std::int64_t i = 0; i < count; ++i) {
      add_value(std::bit_cast<std::uint32_t>(values[i]), gathered);
    }
    return gathered;
  }
  gathered.fractions = words[0] & 0x7FFFFFU;
  gathered.largest = words[1];
  gathered.subnormal = words[2] < 0x7FFFFFU ? 1 : 0;
  // The exponent field of a power 2^z is z + 127.
  if (words[3] != 0xFFFFFFFF) gathered.lowest = (words[3] >> 23) - 127;
  return gathered;
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
#endif
