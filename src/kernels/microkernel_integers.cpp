// Sums of products of small integers by the dot product of bytes.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include <hwy/highway.h>
#include <immintrin.h>

#include "kernels/narrow_panels.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
namespace mantissa {
namespace {

constexpr std::int64_t kLanes = 16;
constexpr std::int64_t kColumns = 3 * kLanes;
/// Left bytes are unsigned, by this offset, since the instruction multiplies unsigned ones by
/// signed ones.
constexpr int kOffset = 128;

inline __m512i load(const float* from) {
  return _mm512_castps_si512(_mm512_loadu_ps(from));
}

inline void store(__m512i values, float* to) {
  _mm512_storeu_ps(to, _mm512_castsi512_ps(values));
}

template <int kRows, int kVectors>
void continue_quads(const Tile& tile, int row) {
  const std::int64_t quads = (tile.depth + 3) / 4;
  const float* left = tile.left + row;
  const float* right = tile.right;
  float* sums = tile.sums + row * kColumns;
  __m512i sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      // Behind the quads of a column lies what the offset adds to its sums.
      const __m512i offset = load(right + quads * kColumns + vector * kLanes);
      sum[i][vector] = _mm512_sub_epi32(load(sums + i * kColumns + vector * kLanes), offset);
    }
  }
  for (std::int64_t k = 0; k < quads; ++k, left += kTileRows, right += kColumns) {
    __m512i columns[kVectors];
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      columns[vector] = load(right + vector * kLanes);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const __m512i factor = _mm512_castps_si512(_mm512_set1_ps(left[i]));
#pragma GCC unroll 3
      for (int vector = 0; vector < kVectors; ++vector) {
        sum[i][vector] = _mm512_dpbusd_epi32(sum[i][vector], factor, columns[vector]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      store(sum[i][vector], sums + i * kColumns + vector * kLanes);
    }
  }
}

template <int kRows>
void continue_rows(const Tile& tile, int row) {
  if (tile.columns > 2 * kLanes) {
    continue_quads<kRows, 3>(tile, row);
  } else if (tile.columns > kLanes) {
    continue_quads<kRows, 2>(tile, row);
  } else {
    continue_quads<kRows, 1>(tile, row);
  }
}

inline __mmask16 lanes(std::int64_t count) {
  return static_cast<__mmask16>((1U << std::clamp<std::int64_t>(count, 0, kLanes)) - 1U);
}

/// Adding 1.5 * 2^23 quanta to a value leaves its number of quanta in the last bits of the sum, if
/// it is a small whole one, and the same value when they are subtracted again.
class Reader {
 public:
  explicit Reader(int quantum_exponent)
      : anchor_(_mm512_set1_ps(std::ldexp(0x1.8p23F, quantum_exponent))) {}

  /// The number of quanta plus kOffset.
  __m512i read(__m512 values) {
    const __m512 sum = _mm512_add_ps(values, anchor_);
    const __m512 back = _mm512_sub_ps(sum, anchor_);
    differences_ = _mm512_or_si512(differences_, _mm512_castps_si512(_mm512_xor_ps(back, values)));
    const __m512i number = _mm512_sub_epi32(
        _mm512_castps_si512(sum),
        _mm512_sub_epi32(_mm512_castps_si512(anchor_), _mm512_set1_epi32(kOffset)));
    numbers_ = _mm512_or_si512(numbers_, number);
    return number;
  }

  /// All values were whole numbers of quanta in [-128, 127]; -0 counts as zero.
  bool fits() const {
    const int differences = _mm512_reduce_or_epi32(differences_);
    const auto numbers = static_cast<std::uint32_t>(_mm512_reduce_or_epi32(numbers_));
    return (differences & 0x7FFF'FFFF) == 0 && numbers < 256;
  }

 private:
  __m512 anchor_;
  __m512i differences_ = _mm512_setzero_si512();
  __m512i numbers_ = _mm512_setzero_si512();
};

/// Reads rows k to k + 3 of a vector of columns; rows behind the last are zero.
[[gnu::always_inline]] inline __m512i read_quad(Reader& reader, const float* values,
                                                std::int64_t stride, int rows, __mmask16 used) {
  const auto row = [=](int i) {
    return i < rows ? _mm512_maskz_loadu_ps(used, values + i * stride) : _mm512_setzero_ps();
  };
  const __m512i low =
      _mm512_or_si512(reader.read(row(0)), _mm512_slli_epi32(reader.read(row(1)), 8));
  const __m512i high =
      _mm512_or_si512(reader.read(row(2)), _mm512_slli_epi32(reader.read(row(3)), 8));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

inline __m512i remove_offset(__m512i bytes) {
  return _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(kOffset)));
}

[[gnu::always_inline]] inline void pack_right_row(Reader& reader, const float* values,
                                                  std::int64_t stride, int rows,
                                                  const __mmask16* used, __m512i* offsets,
                                                  float* quads) {
#pragma GCC unroll 3
  for (int vector = 0; vector < 3; ++vector) {
    const __m512i quad =
        remove_offset(read_quad(reader, values + vector * kLanes, stride, rows, used[vector]));
    offsets[vector] =
        _mm512_dpbusd_epi32(offsets[vector], _mm512_set1_epi8(static_cast<char>(kOffset)), quad);
    store(quad, quads + vector * kLanes);
  }
}

}  // namespace

QuadFacts pack_left_quads(const float* values, const PanelShape& shape, int quantum_exponent,
                          float* quads) {
  Reader reader(quantum_exponent);
  const __mmask16 used = lanes(shape.count);
  __m512i magnitudes = _mm512_setzero_si512();
  for (std::int64_t k = 0; k < shape.depth; k += 4, values += 4 * shape.stride) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(shape.depth - k, 4));
    const __m512i quad = read_quad(reader, values, shape.stride, rows, used);
    magnitudes =
        _mm512_dpbusd_epi32(magnitudes, _mm512_abs_epi8(remove_offset(quad)), _mm512_set1_epi8(1));
    _mm512_mask_storeu_ps(quads + k / 4 * kTileRows, lanes(kTileRows), _mm512_castsi512_ps(quad));
  }
  return {reader.fits(), _mm512_reduce_max_epi32(magnitudes)};
}

bool pack_right_quads(const float* values, const PanelShape& shape, int quantum_exponent,
                      float* quads) {
  Reader reader(quantum_exponent);
  __mmask16 used[3];
  for (int vector = 0; vector < 3; ++vector) used[vector] = lanes(shape.count - vector * kLanes);
  __m512i offsets[3] = {};
  std::int64_t k = 0;
  for (; k + 4 <= shape.depth; k += 4, values += 4 * shape.stride, quads += kColumns) {
    pack_right_row(reader, values, shape.stride, 4, used, offsets, quads);
  }
  if (k < shape.depth) {
    pack_right_row(reader, values, shape.stride, static_cast<int>(shape.depth - k), used, offsets,
                   quads);
    quads += kColumns;
  }
  for (int vector = 0; vector < 3; ++vector) store(offsets[vector], quads + vector * kLanes);
  return reader.fits();
}

void multiply_quads(const Tile& tile) {
  for (int row = 0; row < tile.rows;) {
    const int left = tile.rows - row;
    if (left > 4) {
      continue_rows<8>(tile, row);
      row += 8;
    } else if (left > 2) {
      continue_rows<4>(tile, row);
      row += 4;
    } else {
      continue_rows<2>(tile, row);
      row += 2;
    }
  }
}

void integers_to_binary32(float* sums, std::int64_t count, int quantum_exponent) {
  const __m512 quantum = _mm512_set1_ps(std::ldexp(1.0F, quantum_exponent));
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const __m512 number = _mm512_cvtepi32_ps(load(sums + i));
    _mm512_storeu_ps(sums + i, _mm512_mul_ps(number, quantum));
  }
}

}  // namespace mantissa
HWY_POP_ATTRIBUTES

namespace mantissa {
namespace {

/// Integers up to this are binary32 numbers, all of them.
constexpr int kBits = 24;

bool holds_every_zero_sum(const Quantization& accumulator) {
  return accumulator.rounding.rounding != Rounding::down;  // to which an exact zero is -0
}

}  // namespace

bool has_byte_dot() {
  static const bool instruction = __builtin_cpu_supports("avx512vnni") != 0;
  return instruction && tile_columns() == kColumns;
}

std::int64_t exact_integers(const Mac& mac, int quantum_exponent) {
  const bool in_binary32 = quantum_exponent >= -149 && quantum_exponent + kBits <= 127;
  if (!in_binary32 || mac.rounds_product || mac.chunk > 0) return 0;
  constexpr auto kMost = double{1 << kBits};
  if (mac.summation == Summation::exact && mac.accumulator == Quantization{}) return 1 << kBits;
  if (mac.summation == Summation::exact) return mac.multiplier.is_exact() ? 1 << kBits : 0;
  if (mac.summation != Summation::chain || !holds_every_zero_sum(mac.accumulator)) return 0;
  if (const FloatFormat* format = mac.accumulator.format.as_float()) {
    const int lowest = format->min_exponent() - (format->subnormals ? format->fraction_bits : 0);
    if (quantum_exponent < lowest) return 0;
    const double largest = std::ldexp(format->max_finite(), -quantum_exponent);
    return static_cast<std::int64_t>(
        std::min({std::ldexp(1.0, format->significand_bits()), largest, kMost}));
  }
  if (const FixedFormat* format = mac.accumulator.format.as_fixed()) {
    if (quantum_exponent < -format->fraction_bits) return 0;
    return static_cast<std::int64_t>(
        std::min(std::ldexp(format->max_value(), -quantum_exponent), kMost));
  }
  return 0;
}

void QuadFacts::add(const QuadFacts& other) {
  fits = fits && other.fits;
  magnitude = std::max(magnitude, other.magnitude);
}

std::optional<int> quantum_of(const OperandFacts& facts) {
  if (!facts.finite) return std::nullopt;
  // From [-128, 127] quanta, and room to add 1.5 * 2^23 of them.
  const bool small = std::ldexp(double{facts.largest}, -facts.lowest_exponent) <= 128;
  const bool inside = facts.lowest_exponent >= -126 && facts.lowest_exponent <= 96;
  return small && inside ? std::optional(facts.lowest_exponent) : std::nullopt;
}

}  // namespace mantissa
