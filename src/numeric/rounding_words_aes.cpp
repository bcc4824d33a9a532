// The generator of rounding words with the AES instructions: this file alone is compiled for them,
// and called only where the processor has them.

#if defined(__x86_64__)

#include <immintrin.h>

#include "numeric/rounding_words-inl.h"

namespace mantissa::rounding_words {
namespace {

struct Vector {
  static constexpr int kBlocks = 1;
  __m128i bits;

  static Vector repeat(std::uint64_t low, std::uint64_t high) {
    return {_mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low))};
  }
  static Vector count_up(std::uint64_t block) { return repeat(0, block); }
  static Vector spread(const std::uint64_t* chains, int j) { return repeat(chains[j], 0); }
  Vector aes_round(Vector key) const { return {_mm_aesenc_si128(bits, key.bits)}; }
  Vector aes_last_round(Vector key) const { return {_mm_aesenclast_si128(bits, key.bits)}; }
  friend Vector operator^(Vector a, Vector b) { return {_mm_xor_si128(a.bits, b.bits)}; }
  friend Vector operator&(Vector a, Vector b) { return {_mm_and_si128(a.bits, b.bits)}; }
  friend Vector operator|(Vector a, Vector b) { return {_mm_or_si128(a.bits, b.bits)}; }
  Vector without(Vector mask) const { return {_mm_andnot_si128(mask.bits, bits)}; }
  Vector shift_left(int count) const { return {_mm_slli_epi32(bits, count)}; }
  Vector shift_right(int count) const { return {_mm_srl_epi32(bits, _mm_cvtsi32_si128(count))}; }
  Vector interleave_lower16(Vector b) const { return {_mm_unpacklo_epi16(bits, b.bits)}; }
  Vector interleave_upper16(Vector b) const { return {_mm_unpackhi_epi16(bits, b.bits)}; }
  Vector interleave_lower32(Vector b) const { return {_mm_unpacklo_epi32(bits, b.bits)}; }
  Vector interleave_upper32(Vector b) const { return {_mm_unpackhi_epi32(bits, b.bits)}; }
  Vector interleave_lower64(Vector b) const { return {_mm_unpacklo_epi64(bits, b.bits)}; }
  Vector interleave_upper64(Vector b) const { return {_mm_unpackhi_epi64(bits, b.bits)}; }
  void store(std::uint32_t* words) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(words), bits);
  }
  static void store_pairs(Vector low, Vector high, std::uint32_t* words) {
    low.store(words);
    high.store(words + 4);
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

Backend aes_backend() {
  return {"aes", fill_stream, fill_chains, fill_halves};
}

}  // namespace mantissa::rounding_words

#endif
