#include "peak.h"

#include <benchmark/benchmark.h>
#include <immintrin.h>

namespace mantissa::bench {
namespace {

// More chains than the latency of the instruction times its rate.
constexpr int kChains = 12;

__attribute__((target("avx512f"))) float run512(std::int64_t count) {
  __m512 sums[2 * kChains];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1);
  const __m512 factor = _mm512_set1_ps(0.5F);
  for (std::int64_t done = 0; done < count; done += 2 * kChains * 16) {
#pragma GCC unroll 24
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, factor, factor);
  }
  __m512 all = _mm512_setzero_ps();
  for (const __m512& sum : sums) all = _mm512_add_ps(all, sum);
  return _mm512_cvtss_f32(all);
}

float run256(std::int64_t count) {
  __m256 sums[kChains];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1);
  const __m256 factor = _mm256_set1_ps(0.5F);
  for (std::int64_t done = 0; done < count; done += kChains * 8) {
#pragma GCC unroll 12
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, factor, factor);
  }
  __m256 all = _mm256_setzero_ps();
  for (const __m256& sum : sums) all = _mm256_add_ps(all, sum);
  return _mm256_cvtss_f32(all);
}

}  // namespace

void multiply_add_at_peak(std::int64_t count) {
  const bool wide = __builtin_cpu_supports("avx512f") != 0;
  benchmark::DoNotOptimize(wide ? run512(count) : run256(count));
}

}  // namespace mantissa::bench
