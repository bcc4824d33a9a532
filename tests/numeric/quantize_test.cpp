#include "numeric/quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include <doctest/doctest.h>
#include <hwy/targets.h>
#include <immintrin.h>

#include "numeric/all_formats.h"
#include "numeric/edge_inputs.h"
#include "numeric/mac.h"
#include "numeric/quantize_kernels.h"
#include "numeric/vector_check.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr RandomKey kKey = kCheckKey;

TEST_CASE(
    "vector rounding equals the reference on every value and midpoint of every small format") {
  std::vector<Format> formats = float_formats(7);
  for (const Format& format : fixed_formats(7)) formats.push_back(format);
  for (const char* text : {"e4m3fn", "e5m2", "e4m3", "e5m2sat", "e4m3fnuz", "e4m3b11", "e4m3b-60",
                           "e4m3b140", "q4.4"}) {
    formats.push_back(parse_format(text));
  }
  for (const Format& format : formats) {
    const std::vector<float> inputs = exhaustive_inputs(format);
    for (const RoundingMode& mode : all_modes()) check_against_reference(inputs, {format, mode});
  }
}

TEST_CASE("vector rounding equals the reference on edges, ties and random codes of wide formats") {
  for (const Format& format : wide_formats()) {
    const std::vector<float> inputs = edge_inputs(format);
    for (const RoundingMode& mode : all_modes()) check_against_reference(inputs, {format, mode});
  }
}

TEST_CASE("the wide formats of the tests use every rounding method") {
  int counts[3] = {};
  for (const Format& format : wide_formats())
    ++counts[static_cast<int>(rounding_method(rounding_grid(format)))];
  for (const int count : counts) CHECK(count >= 5);
}

TEST_CASE("binary64 gives the bits of the faster methods where those serve") {
  for (const char* text : {"bf16", "tf32", "e8m7nosub", "fp16", "e4m3fn", "q8.8", "e6m9nosub"}) {
    const RoundingGrid grid = rounding_grid(parse_format(text));
    const std::vector<float> inputs = edge_inputs(parse_format(text));
    for (const RoundingMode& mode : all_modes()) {
      std::vector<float> fast(inputs.size());
      quantize_on_grid(inputs, fast, grid, rounding_method(grid), mode, kKey, 0);
      std::vector<float> wide(inputs.size());
      quantize_on_grid(inputs, wide, grid, RoundingMethod::binary64, mode, kKey, 0);
      INFO(text << "/" << spelling(mode));
      CHECK(rounding_method(grid) != RoundingMethod::binary64);
      CHECK(codes(fast) == codes(wide));
    }
  }
}

TEST_CASE("vectorised Philox gives the numbers of random_bits from any index on") {
  CHECK_FALSE(hwy::SupportedAndGeneratedTargets().empty());
  on_every_target([](const char* target) {
    INFO(std::string(target));
    for (const std::uint64_t first :
         {0ULL, 1ULL, 3ULL, 1022ULL, (1ULL << 34) - 5, (1ULL << 50) + 2}) {
      std::vector<std::uint32_t> expected;
      for (std::uint64_t i = 0; i < 2500; ++i) expected.push_back(random_bits(kKey, first + i));
      std::vector<std::uint32_t> words(2500);
      fill_random_bits(words, kKey, first);
      CHECK(words == expected);
    }
  });
}

TEST_CASE("every length and offset is rounded whole, and nothing beside it is written") {
  const Quantization quantization = parse_quantization("e4m3fn/sr");
  for (std::size_t count = 0; count <= 70; ++count) {
    for (std::size_t offset = 0; offset < 3; ++offset) {
      std::vector<float> inputs(count);
      for (std::size_t i = 0; i < count; ++i) inputs[i] = static_cast<float>(random_normal({1}, i));
      std::vector<float> place(count + 6, 0.3F);
      quantize(inputs, std::span(place).subspan(offset, count), quantization, kKey, 5);
      const std::vector<float> expected = by_reference(inputs, quantization, 5);
      CHECK(std::equal(expected.begin(), expected.end(),
                       place.begin() + static_cast<std::ptrdiff_t>(offset)));
      CHECK(std::count(place.begin(), place.end(), 0.3F) ==
            static_cast<std::ptrdiff_t>(place.size() - count));
    }
  }
}

TEST_CASE("a tensor rounded stochastically in parts is the tensor rounded whole") {
  std::vector<float> whole(5000);
  for (std::size_t i = 0; i < whole.size(); ++i)
    whole[i] = static_cast<float>(random_normal({2}, i));
  std::vector<float> parts = whole;
  const Quantization quantization = parse_quantization("e3m2/sr");
  quantize(whole, quantization, kKey, 1000);
  std::size_t begin = 0;
  for (std::size_t length = 1; begin < parts.size(); length = length * 2 + 1) {
    const std::size_t count = std::min(length, parts.size() - begin);
    quantize(std::span(parts).subspan(begin, count), quantization, kKey, 1000 + begin);
    begin += count;
  }
  CHECK(whole == parts);
}

TEST_CASE("quantising to fp32 copies") {
  const std::vector<float> source = edge_inputs(Format());
  std::vector<float> copy(source.size());
  quantize(source, copy, {});
  CHECK(codes(copy) == codes(source));
}

TEST_CASE("the mean of stochastic rounding is the value") {
  std::vector<float> values(1 << 16, 1.03F);
  quantize(values, parse_quantization("e4m3fn/sr"), kKey);
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  const double fraction = (static_cast<double>(1.03F) - 1) / 0.125;
  const double deviation =
      0.125 * std::sqrt(fraction * (1 - fraction) / static_cast<double>(values.size()));
  CHECK(std::abs(mean - static_cast<double>(1.03F)) < 4 * deviation);
}

/// Calls `check(inputs)` on blocks of codes that go through all of binary32 in steps of a prime.
template <typename Check>
void sample_binary32(Check check) {
  constexpr std::uint64_t kStep = 1021;
  std::vector<float> inputs;
  for (std::uint64_t code = 0; code < (std::uint64_t{1} << 32); code += kStep) {
    inputs.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(code)));
    if (inputs.size() < 4096) continue;
    check(inputs);
    inputs.clear();
  }
  check(inputs);
}

template <int kMode>
float through_fp16(float value) {
  const __m128i packed = _mm_cvtps_ph(_mm_set_ss(value), kMode | _MM_FROUND_NO_EXC);
  return _mm_cvtss_f32(_mm_cvtph_ps(packed));
}

template <int kMode>
void check_fp16(const char* quantization) {
  bool equal = true;
  sample_binary32([&](const std::vector<float>& inputs) {
    std::vector<float> rounded(inputs.size());
    quantize(inputs, rounded, parse_quantization(quantization));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const float machine = through_fp16<kMode>(inputs[i]);
      const bool both_nan = std::isnan(machine) && std::isnan(rounded[i]);
      equal = equal && (both_nan || std::bit_cast<std::uint32_t>(machine) ==
                                        std::bit_cast<std::uint32_t>(rounded[i]));
    }
  });
  INFO(std::string(quantization));
  CHECK(equal);
}

TEST_CASE("rounding to fp16 equals the machine's conversion in all four modes that it has") {
  check_fp16<_MM_FROUND_TO_NEAREST_INT>("fp16");
  check_fp16<_MM_FROUND_TO_ZERO>("fp16/rtz");
  check_fp16<_MM_FROUND_TO_POS_INF>("fp16/rup");
  check_fp16<_MM_FROUND_TO_NEG_INF>("fp16/rdn");
}

__attribute__((target("avx512bf16,avx512vl,avx512f"))) float through_bf16(float value) {
  const __m128bh packed = _mm_cvtneps_pbh(_mm_set_ss(value));
  const auto code =
      static_cast<std::uint32_t>(_mm_extract_epi16(std::bit_cast<__m128i>(packed), 0));
  return std::bit_cast<float>(code << 16);
}

TEST_CASE(
    "rounding to bf16 equals the machine's conversion, but for subnormals, which that flushes") {
  if (__builtin_cpu_supports("avx512bf16") == 0) {
    MESSAGE("skipped: this machine has no AVX-512 BF16");
    return;
  }
  bool equal = true;
  sample_binary32([&](const std::vector<float>& inputs) {
    std::vector<float> rounded(inputs.size());
    quantize(inputs, rounded, parse_quantization("bf16"));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (std::isnan(inputs[i]) || std::fpclassify(inputs[i]) == FP_SUBNORMAL) continue;
      const float machine = through_bf16(inputs[i]);
      equal = equal &&
              std::bit_cast<std::uint32_t>(machine) == std::bit_cast<std::uint32_t>(rounded[i]);
    }
  });
  CHECK(equal);
}

}  // namespace
}  // namespace mantissa
