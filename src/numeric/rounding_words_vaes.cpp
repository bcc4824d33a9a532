// The generator of rounding words with AVX-512 and VAES: this file alone is compiled for them, and
// called only where the processor has them.

#if defined(__x86_64__)

#include <immintrin.h>

#include "numeric/rounding_words-inl.h"

namespace mantissa::rounding_words {
namespace {

struct Vector {
  static constexpr int kBlocks = 4;
  __m512i bits;

  static Vector repeat(std::uint64_t low, std::uint64_t high) {
    return {_mm512_broadcast_i64x2(
        _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low)))};
  }
  static Vector count_up(std::uint64_t block) {
    const __m512i offsets = _mm512_set_epi64(3, 0, 2, 0, 1, 0, 0, 0);
    return {_mm512_mask_add_epi64(offsets, 0xAA, offsets,
                                  _mm512_set1_epi64(static_cast<long long>(block)))};
  }
  static Vector spread(const std::uint64_t* chains, int j) {
    const __m512i index = _mm512_add_epi64(_mm512_set_epi64(0, 12, 0, 8, 0, 4, 0, 0),
                                           _mm512_set1_epi64(static_cast<long long>(j)));
    return {_mm512_maskz_permutex2var_epi64(0x55, _mm512_loadu_si512(chains), index,
                                            _mm512_loadu_si512(chains + 8))};
  }
  Vector aes_round(Vector key) const { return {_mm512_aesenc_epi128(bits, key.bits)}; }
  Vector aes_last_round(Vector key) const { return {_mm512_aesenclast_epi128(bits, key.bits)}; }
  friend Vector operator^(Vector a, Vector b) { return {_mm512_xor_si512(a.bits, b.bits)}; }
  friend Vector operator&(Vector a, Vector b) { return {_mm512_and_si512(a.bits, b.bits)}; }
  friend Vector operator|(Vector a, Vector b) { return {_mm512_or_si512(a.bits, b.bits)}; }
  Vector without(Vector mask) const { return {_mm512_andnot_si512(mask.bits, bits)}; }
  Vector shift_left(int count) const {
    return {_mm512_slli_epi32(bits, static_cast<unsigned>(count))};
  }
  Vector shift_right(int count) const { return {_mm512_srl_epi32(bits, _mm_cvtsi32_si128(count))}; }
  Vector interleave_lower16(Vector b) const { return {_mm512_unpacklo_epi16(bits, b.bits)}; }
  Vector interleave_upper16(Vector b) const { return {_mm512_unpackhi_epi16(bits, b.bits)}; }
  Vector interleave_lower32(Vector b) const { return {_mm512_unpacklo_epi32(bits, b.bits)}; }
  Vector interleave_upper32(Vector b) const { return {_mm512_unpackhi_epi32(bits, b.bits)}; }
  Vector interleave_lower64(Vector b) const { return {_mm512_unpacklo_epi64(bits, b.bits)}; }
  Vector interleave_upper64(Vector b) const { return {_mm512_unpackhi_epi64(bits, b.bits)}; }
  void store(std::uint32_t* words) const { _mm512_storeu_si512(words, bits); }

  /// Group g of `low`, then of `high`, for each g.
  static void store_pairs(Vector low, Vector high, std::uint32_t* words) {
    const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i last = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    _mm512_storeu_si512(words, _mm512_permutex2var_epi64(low.bits, first, high.bits));
    _mm512_storeu_si512(words + 16, _mm512_permutex2var_epi64(low.bits, last, high.bits));
  }
};

void fill_stream(const StreamRequest& request) {
  fill_stream_of<Vector>(request);
}
void fill_chains(const ChainRequest& request) {
  fill_chains_of<Vector>(request);
}
void fill_halves(const ChainRequest& request) {
  fill_halves_of<Vector>(request);
}

}  // namespace

Backend vaes_backend() {
  return {"vaes", fill_stream, fill_chains, fill_halves};
}

}  // namespace mantissa::rounding_words

#endif
