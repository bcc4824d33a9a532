// Every binary32 number rounded to binary16 and to bfloat16, beside the processor's own conversion:
// 2^32 codes a line. Ends with 1 if a bit differs. Tests take every 1021st code of the same.

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include <immintrin.h>

#include "numeric/mac.h"
#include "numeric/quantize.h"

namespace mantissa {
namespace {

using Convert = void (*)(std::span<const float> source, std::span<float> rounded);

constexpr std::size_t kBlock = std::size_t{1} << 16;

template <int kMode>
void through_binary16(std::span<const float> source, std::span<float> rounded) {
  constexpr std::size_t kLanes = 8;
  for (std::size_t i = 0; i < source.size(); i += kLanes) {
    const __m128i half = _mm256_cvtps_ph(_mm256_loadu_ps(&source[i]), kMode | _MM_FROUND_NO_EXC);
    _mm256_storeu_ps(&rounded[i], _mm256_cvtph_ps(half));
  }
}

__attribute__((target("avx512bf16,avx512bw,avx512vl,avx512f"))) void through_bfloat16(
    std::span<const float> source, std::span<float> rounded) {
  constexpr std::size_t kLanes = 16;
  for (std::size_t i = 0; i < source.size(); i += kLanes) {
    const __m256bh upper = _mm512_cvtneps_pbh(_mm512_loadu_ps(&source[i]));
    const __m512i codes = _mm512_cvtepu16_epi32(std::bit_cast<__m256i>(upper));
    _mm512_storeu_ps(&rounded[i], _mm512_castsi512_ps(_mm512_slli_epi32(codes, 16)));
  }
}

struct Comparison {
  const char* quantization;
  Convert convert;
  bool flushes;  ///< the instruction takes subnormal numbers for zeros
};

struct Outcome {
  std::uint64_t flushed = 0;
  std::uint64_t wrong = 0;
  std::uint32_t first_wrong = 0;
};

void compare(const Comparison& comparison, std::uint32_t first, std::span<const float> ours,
             std::span<const float> machine, Outcome& outcome) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto expected = std::bit_cast<std::uint32_t>(machine[i]);
    if (std::bit_cast<std::uint32_t>(ours[i]) == expected) continue;
    if (std::isnan(ours[i]) && std::isnan(machine[i])) continue;
    const std::uint32_t code = first + static_cast<std::uint32_t>(i);
    const bool subnormal = (code & 0x7F800000U) == 0;
    if (comparison.flushes && subnormal && machine[i] == 0) {
      ++outcome.flushed;
      continue;
    }
    if (outcome.wrong++ == 0) outcome.first_wrong = code;
  }
}

Outcome go_through(const Comparison& comparison) {
  const Quantization quantization = parse_quantization(comparison.quantization);
  std::vector<float> source(kBlock);
  std::vector<float> ours(kBlock);
  std::vector<float> machine(kBlock);
  Outcome outcome;
  for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) {
      source[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
    }
    quantize(source, ours, quantization);
    comparison.convert(source, machine);
    compare(comparison, static_cast<std::uint32_t>(first), ours, machine, outcome);
  }
  return outcome;
}

bool report(const Comparison& comparison) {
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = go_through(comparison);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%-12s %12lu differ %12lu subnormal and flushed %8.1f s\n", comparison.quantization,
              outcome.wrong, outcome.flushed, seconds.count());
  if (outcome.wrong > 0) std::printf("  the first is 0x%08X\n", outcome.first_wrong);
  return outcome.wrong == 0;
}

}  // namespace
}  // namespace mantissa

int main() {
  using namespace mantissa;
  bool same = true;
  for (const Comparison& comparison :
       {Comparison{"fp16", through_binary16<_MM_FROUND_TO_NEAREST_INT>, false},
        {"fp16/rtz", through_binary16<_MM_FROUND_TO_ZERO>, false},
        {"fp16/rup", through_binary16<_MM_FROUND_TO_POS_INF>, false},
        {"fp16/rdn", through_binary16<_MM_FROUND_TO_NEG_INF>, false}}) {
    same = report(comparison) && same;
  }
  if (__builtin_cpu_supports("avx512bf16") != 0) {
    same = report({"bf16", through_bfloat16, true}) && same;
  } else {
    std::printf("bf16 is left out: this processor has no AVX-512 BF16\n");
  }
  return same ? 0 : 1;
}
