// Sums of the products of an inexact multiplier, looked up in registers.

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <optional>
#include <vector>

#include <hwy/highway.h>
#include <immintrin.h>

#include "kernels/product_table.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")
namespace mantissa {
namespace {

constexpr std::int64_t kLanes = 16;
constexpr std::int64_t kColumns = 3 * kLanes;
constexpr std::int64_t kCodeFloats = 16;  ///< 64 bytes: the codes of a row of the right panel

/// Codes of 64 right operands, and which of them are in the upper half of a table.
struct Codes {
  __m512i codes;
  __mmask64 upper;
};

inline Codes load_codes(const float* from) {
  const __m512i codes = _mm512_castps_si512(_mm512_loadu_ps(from));
  return {codes, _mm512_movepi8_mask(codes)};
}

/// The entries at the codes among 256 bytes.
inline __m512i look_up(const std::uint8_t* table, const Codes& at) {
  const auto load = [table](std::ptrdiff_t part) { return _mm512_load_si512(table + 64 * part); };
  const __m512i lower = _mm512_permutex2var_epi8(load(0), at.codes, load(1));
  const __m512i upper = _mm512_permutex2var_epi8(load(2), at.codes, load(3));
  return _mm512_mask_mov_epi8(lower, at.upper, upper);
}

struct Words {
  __m512i low;   ///< of the first 8 bytes of each 16
  __m512i high;  ///< of the others
};

inline Words products(const std::uint8_t* table, float left, const Codes& right) {
  const std::uint8_t* row = table + std::bit_cast<std::int32_t>(left);
  const __m512i lower = look_up(row, right);
  const __m512i upper = look_up(row + ProductTable::kCodes, right);
  return {_mm512_unpacklo_epi8(lower, upper), _mm512_unpackhi_epi8(lower, upper)};
}

/// Adds the products of two k to the sums of 48 columns.
inline void add_products(__m512i* sums, const Words& now, const Words& next) {
  const __m512i ones = _mm512_set1_epi16(1);
  sums[0] = _mm512_dpwssd_epi32(sums[0], _mm512_unpacklo_epi16(now.low, next.low), ones);
  sums[1] = _mm512_dpwssd_epi32(sums[1], _mm512_unpackhi_epi16(now.low, next.low), ones);
  sums[2] = _mm512_dpwssd_epi32(sums[2], _mm512_unpacklo_epi16(now.high, next.high), ones);
}

template <int kRows>
void continue_rows(const Tile& tile, const std::uint8_t* table, int row) {
  const float* left = tile.left + row;
  const float* right = tile.right;
  float* state = tile.sums + row * kColumns;
  __m512i sums[kRows][3];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
    for (int vector = 0; vector < 3; ++vector) {
      sums[i][vector] =
          _mm512_castps_si512(_mm512_loadu_ps(state + i * kColumns + vector * kLanes));
    }
  }
  std::int64_t k = 0;
  for (; k + 2 <= tile.depth;
       k += 2, left += std::ptrdiff_t{2} * kTileRows, right += 2 * kCodeFloats) {
    const Codes now = load_codes(right);
    const Codes next = load_codes(right + kCodeFloats);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      add_products(sums[i], products(table, left[i], now),
                   products(table, left[kTileRows + i], next));
    }
  }
  if (k < tile.depth) {
    const Codes now = load_codes(right);
    const Words none = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (int i = 0; i < kRows; ++i) add_products(sums[i], products(table, left[i], now), none);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
    for (int vector = 0; vector < 3; ++vector) {
      _mm512_storeu_ps(state + i * kColumns + vector * kLanes,
                       _mm512_castsi512_ps(sums[i][vector]));
    }
  }
}

/// Operands as the multiplier reads them: cut off below the last place, and no further than the
/// ends.
class FixedReader {
 public:
  explicit FixedReader(const FixedFormat& format)
      : scale_(_mm512_set1_ps(std::ldexp(1.0F, format.fraction_bits))),
        lowest_(_mm512_set1_ps(
            static_cast<float>(std::ldexp(format.min_value(), format.fraction_bits)))),
        largest_(_mm512_set1_ps(
            static_cast<float>(std::ldexp(format.max_value(), format.fraction_bits)))) {}

  __m512i read(__m512 values) const {
    const __m512 inside =
        _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(values, scale_), lowest_), largest_);
    return _mm512_cvttps_epi32(inside);
  }

 private:
  __m512 scale_;
  __m512 lowest_;
  __m512 largest_;
};

inline __mmask16 lanes(std::int64_t count) {
  return static_cast<__mmask16>((1U << std::clamp<std::int64_t>(count, 0, kLanes)) - 1U);
}

}  // namespace

void pack_left_codes(float* values, std::int64_t depth, const Format& format) {
  const FixedReader reader(*format.as_fixed());
  const __mmask16 used = lanes(kTileRows);
  for (std::int64_t k = 0; k < depth; ++k, values += kTileRows) {
    const __m512i numbers = reader.read(_mm512_maskz_loadu_ps(used, values));
    const __m512i codes = _mm512_and_si512(numbers, _mm512_set1_epi32(ProductTable::kCodes - 1));
    const __m512i places =
        _mm512_mullo_epi32(codes, _mm512_set1_epi32(static_cast<int>(ProductTable::kRow)));
    _mm512_mask_storeu_ps(values, used, _mm512_castsi512_ps(places));
  }
}

void pack_right_codes(const float* values, const PanelShape& shape, const Format& format,
                      float* codes) {
  const FixedReader reader(*format.as_fixed());
  for (std::int64_t k = 0; k < shape.depth; ++k, values += shape.stride, codes += kCodeFloats) {
    __m128i bytes[3];
    for (int vector = 0; vector < 3; ++vector) {
      const __mmask16 used = lanes(shape.count - vector * kLanes);
      bytes[vector] =
          _mm512_cvtepi32_epi8(reader.read(_mm512_maskz_loadu_ps(used, values + vector * kLanes)));
    }
    // What `add_products` leaves in lane 4 q + d of sum j is of byte 16 q + 4 j + d.
    const __m128i low = _mm_unpacklo_epi32(bytes[0], bytes[1]);
    const __m128i high = _mm_unpackhi_epi32(bytes[0], bytes[1]);
    const __m128i last_low = _mm_unpacklo_epi32(bytes[2], _mm_setzero_si128());
    const __m128i last_high = _mm_unpackhi_epi32(bytes[2], _mm_setzero_si128());
    const __m128i parts[4] = {_mm_unpacklo_epi64(low, last_low), _mm_unpackhi_epi64(low, last_low),
                              _mm_unpacklo_epi64(high, last_high),
                              _mm_unpackhi_epi64(high, last_high)};
    for (std::ptrdiff_t part = 0; part < 4; ++part) {
      _mm_storeu_ps(codes + 4 * part, _mm_castsi128_ps(parts[static_cast<std::size_t>(part)]));
    }
  }
}

void multiply_codes(const Tile& tile, const Accumulation& self) {
  const std::uint8_t* table = self.table->bytes.data();
  int row = 0;
  for (; tile.rows - row > 2; row += 4) continue_rows<4>(tile, table, row);
  for (; row < tile.rows; ++row) continue_rows<1>(tile, table, row);
}

}  // namespace mantissa
HWY_POP_ATTRIBUTES

namespace mantissa {
namespace {

bool is_small(const Format& format) {
  return format.as_fixed() != nullptr && format.as_fixed()->storage_bits() <= 8;
}

std::shared_ptr<const ProductTable> make_table(const Mac& mac) {
  const FixedFormat left = *mac.left_operand.as_fixed();
  const FixedFormat right = *mac.right_operand.as_fixed();
  auto table = std::make_shared<ProductTable>();
  table->quantum_exponent = -left.fraction_bits - right.fraction_bits;
  const int left_half = 1 << (left.storage_bits() - 1);
  const int right_half = 1 << (right.storage_bits() - 1);
  for (int a = -left_half; a < left_half; ++a) {
    std::uint8_t* row =
        table->bytes.data() + static_cast<std::size_t>(a & 255) * ProductTable::kRow;
    const float x = std::ldexp(static_cast<float>(a), -left.fraction_bits);
    for (int b = -right_half; b < right_half; ++b) {
      const float y = std::ldexp(static_cast<float>(b), -right.fraction_bits);
      const double product = multiply(x, y, mac.multiplier, mac.left_operand, mac.right_operand);
      const double number = std::ldexp(product, -table->quantum_exponent);
      if (std::abs(number) > 32767 || number != std::trunc(number)) return nullptr;
      const auto entry = static_cast<std::int32_t>(number);
      row[b & 255] = static_cast<std::uint8_t>(entry & 255);
      row[ProductTable::kCodes + static_cast<std::size_t>(b & 255)] =
          static_cast<std::uint8_t>(entry >> 8 & 255);
      table->largest = std::max(table->largest, std::abs(entry));
    }
  }
  return table;
}

struct Kept {
  Multiplier multiplier;
  Format left;
  Format right;
  std::shared_ptr<const ProductTable> table;
};

}  // namespace

bool has_byte_lookup() {
  static const bool instructions =
      __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
  return instructions && tile_columns() == kColumns;
}

std::shared_ptr<const ProductTable> product_table(const Mac& mac) {
  if (!is_small(mac.left_operand) || !is_small(mac.right_operand)) return nullptr;
  static std::mutex mutex;
  static std::vector<Kept> kept;
  const std::scoped_lock lock(mutex);
  for (const Kept& entry : kept) {
    if (entry.multiplier == mac.multiplier && entry.left == mac.left_operand &&
        entry.right == mac.right_operand) {
      return entry.table;
    }
  }
  kept.push_back({mac.multiplier, mac.left_operand, mac.right_operand, make_table(mac)});
  return kept.back().table;
}

}  // namespace mantissa
