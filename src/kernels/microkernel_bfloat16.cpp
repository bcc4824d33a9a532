// The binary32 chain of operands of at most 8 significant bits, two products an instruction.

#include <algorithm>
#include <bit>

#include <hwy/highway.h>
#include <immintrin.h>

#include "kernels/narrow_panels.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512vl,avx512bf16")
namespace mantissa {
namespace {

constexpr std::int64_t kLanes = 16;
constexpr std::int64_t kColumns = 3 * kLanes;

/// `sum + left * right` of the upper halves, then of the lower ones.
inline __m512 multiply_add(__m512 sum, __m512 left, __m512 right) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(right));
}

template <int kRows, int kVectors>
void continue_pairs(const Tile& tile, int row) {
  const float* left = tile.left + row;
  const float* right = tile.right;
  float* sums = tile.sums + row * kColumns;
  __m512 sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      sum[i][vector] = _mm512_loadu_ps(sums + i * kColumns + vector * kLanes);
    }
  }
  const std::int64_t pairs = (tile.depth + 1) / 2;
  for (std::int64_t k = 0; k < pairs; ++k, left += kTileRows, right += kColumns) {
    __m512 columns[kVectors];
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      columns[vector] = _mm512_loadu_ps(right + vector * kLanes);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const __m512 factor = _mm512_set1_ps(left[i]);
#pragma GCC unroll 3
      for (int vector = 0; vector < kVectors; ++vector) {
        sum[i][vector] = multiply_add(sum[i][vector], factor, columns[vector]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int vector = 0; vector < kVectors; ++vector) {
      _mm512_storeu_ps(sums + i * kColumns + vector * kLanes, sum[i][vector]);
    }
  }
}

template <int kRows>
void continue_rows(const Tile& tile, int row) {
  if (tile.columns > 2 * kLanes) {
    continue_pairs<kRows, 3>(tile, row);
  } else if (tile.columns > kLanes) {
    continue_pairs<kRows, 2>(tile, row);
  } else {
    continue_pairs<kRows, 1>(tile, row);
  }
}

/// The first `count` lanes.
inline __mmask16 lanes(std::int64_t count) {
  return static_cast<__mmask16>((1U << std::clamp<std::int64_t>(count, 0, kLanes)) - 1U);
}

/// Packs the columns of kVectors vectors.
template <int kVectors>
PairFacts pack_columns(const float* values, const PanelShape& shape, float* pairs) {
  __mmask16 used[kVectors];
  __mmask16 written[kVectors];
  for (int vector = 0; vector < kVectors; ++vector) {
    used[vector] = lanes(shape.count - vector * kLanes);
    written[vector] = lanes(shape.width - vector * kLanes);
  }
  constexpr int kOrBoth = 0xF8;  // a | (b & c)
  constexpr int kOrAll = 0xFE;   // a | b | c
  const __m512i upper_half = _mm512_set1_epi32(-0x10000);
  __m512i all = _mm512_setzero_si512();
  __m512i lowest = _mm512_set1_epi16(-1);
  for (std::int64_t k = 0; k < shape.depth; k += 2, values += 2 * shape.stride) {
    const bool follows = k + 1 < shape.depth;
    for (int vector = 0; vector < kVectors; ++vector) {
      const float* at = values + vector * kLanes;
      const __m512i now = _mm512_maskz_loadu_epi32(used[vector], at);
      const __m512i next = follows ? _mm512_maskz_loadu_epi32(used[vector], at + shape.stride)
                                   : _mm512_setzero_si512();
      const __m512i pair =
          _mm512_ternarylogic_epi32(_mm512_srli_epi32(next, 16), now, upper_half, kOrBoth);
      all = _mm512_ternarylogic_epi32(all, now, next, kOrAll);
      // Twice a magnitude less one puts zero behind all others.
      const __m512i doubled = _mm512_add_epi16(pair, pair);
      lowest = _mm512_min_epu16(lowest, _mm512_add_epi16(doubled, _mm512_set1_epi16(-1)));
      _mm512_mask_storeu_ps(pairs + k / 2 * shape.width + vector * kLanes, written[vector],
                            _mm512_castsi512_ps(pair));
    }
  }
  const __m512i lower = _mm512_and_si512(lowest, _mm512_set1_epi32(0xFFFF));
  const std::uint32_t smallest = std::min(_mm512_reduce_min_epu32(lower),
                                          _mm512_reduce_min_epu32(_mm512_srli_epi32(lowest, 16)));
  PairFacts facts;
  facts.fits = (static_cast<std::uint32_t>(_mm512_reduce_or_epi32(all)) & 0xFFFFU) == 0;
  facts.lowest = static_cast<int>((smallest + 1) >> 8);
  return facts;
}

float dot_of_pairs(float sum, float left, float right) {
  return _mm512_cvtss_f32(
      multiply_add(_mm512_set1_ps(sum), _mm512_set1_ps(left), _mm512_set1_ps(right)));
}

}  // namespace

PairFacts pack_pairs(const float* values, const PanelShape& shape, float* pairs) {
  return shape.width > kLanes ? pack_columns<3>(values, shape, pairs)
                              : pack_columns<1>(values, shape, pairs);
}

void multiply_pairs(const Tile& tile, const Accumulation& /*self*/) {
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

}  // namespace mantissa
HWY_POP_ATTRIBUTES

namespace mantissa {
namespace {

/// Whether the instruction rounds as two fused multiply-adds, upper half first; others might round
/// once, or begin with the lower half.
bool rounds_twice() {
  const auto small = std::bit_cast<float>(0x3980'3980U);         // 2^-12 and 2^-12
  const auto small_larger = std::bit_cast<float>(0x3980'3981U);  // 2^-12 and 2^-12 (1 + 2^-7)
  // 1 + 2^-24 is a tie, which goes to 1.
  return dot_of_pairs(1, small, small) == 1 && dot_of_pairs(1, small, small_larger) == 1 + 0x1p-23F;
}

}  // namespace

bool has_bfloat16_dot() {
  static const bool instruction = __builtin_cpu_supports("avx512bf16") != 0 && rounds_twice();
  return instruction && tile_columns() == kColumns;
}

void PairFacts::add(const PairFacts& other) {
  fits = fits && other.fits;
  lowest = std::min(lowest, other.lowest);
}

bool PairFacts::multiply_exactly(const PairFacts& other) const {
  // The last place of a value of exponent field E is 2^(E - 127 - 7) or more, that of products and
  // all their sums the product of the two; it may not lie below the smallest normal number, 2^-126.
  constexpr int kLastPlace = 127 + 7;
  return fits && other.fits && lowest > 0 && other.lowest > 0 &&
         lowest + other.lowest - 2 * kLastPlace >= -126;
}

}  // namespace mantissa
