#include <cmath>

#include <doctest/doctest.h>

#include "numeric/edge_inputs.h"
#include "numeric/log_oracle.h"
#include "numeric/log_table.h"
#include "numeric/mac.h"
#include "numeric/quantize.h"
#include "numeric/vector_check.h"
#include "support/text.h"

namespace mantissa {
namespace {

/// Every logarithmic format of at most 10 bits, and some of 11 to 16.
std::vector<LnsFormat> exhaustive_formats() {
  std::vector<LnsFormat> formats;
  for (int integer_bits = 1; integer_bits <= 8; ++integer_bits) {
    for (int fraction_bits = 0; integer_bits + fraction_bits <= 8; ++fraction_bits) {
      formats.push_back({integer_bits, fraction_bits});
    }
  }
  for (const LnsFormat wide :
       {LnsFormat{8, 1}, {8, 3}, {4, 6}, {5, 9}, {8, 6}, {7, 7}, {1, 13}, {2, 12}}) {
    formats.push_back(wide);
  }
  return formats;
}

std::vector<float> lns_inputs(const LnsOracle& oracle, std::size_t step = 1) {
  std::vector<float> inputs = inputs_around(oracle.rungs(), step);
  const double least = oracle.rungs().values().front();
  for (const double part : {0.25, 0.5, 0.75, 1.0}) add_with_neighbours(inputs, part * least);
  add_with_neighbours(inputs, oracle.turn());
  return inputs;
}

TEST_CASE("codes of logarithmic numbers have the binary32 numbers nearest to powers of two") {
  for (const LnsFormat& lns : exhaustive_formats()) {
    const Format format(lns);
    INFO(spelling(format));
    const int bits = lns.logarithm_bits();
    const std::uint32_t zero = 1U << bits;
    const std::uint32_t sign = 2U << bits;
    CHECK(decode(format, zero) == 0);
    CHECK(encode(format, 0) == zero);
    bool all = true;
    std::uint64_t members = 1;
    for (std::uint32_t code = 0; code < zero; ++code) {
      // Two's complement.
      const int number = static_cast<int>(code) - (code >> (bits - 1) != 0 ? 1 << bits : 0);
      const double expected =
          power_rounded(std::ldexp(number, -lns.fraction_bits), true, 24, MPFR_RNDN);
      if (expected < 0x1p-126) continue;
      members += 2;
      all = all && decode(format, code) == expected && decode(format, sign | code) == -expected;
      all = all && encode(format, expected) == code && encode(format, -expected) == (sign | code);
    }
    CHECK(all);
    CHECK(facts(format).finite_values == members);
    CHECK_FALSE(encode(format, -0.0).has_value());
    CHECK_FALSE(encode(format, kInfinity).has_value());
    CHECK_FALSE(encode(format, kNan).has_value());
  }
}

TEST_CASE("every logarithmic number and every middle rounds as MPFR says, in every mode") {
  for (const LnsFormat& lns : exhaustive_formats()) {
    const LnsOracle oracle(lns.integer_bits, lns.fraction_bits);
    const std::vector<float> inputs = lns_inputs(oracle);
    for (const RoundingMode mode : all_modes()) check_scalar(inputs, lns, oracle, mode);
  }
}

TEST_CASE("the vector kernel rounds logarithmic numbers as the reference does, on every target") {
  for (const LnsFormat& lns : exhaustive_formats()) {
    const LnsOracle oracle(lns.integer_bits, lns.fraction_bits);
    std::vector<float> inputs = lns_inputs(oracle, lns.logarithm_bits() > 10 ? 7 : 1);
    add_anywhere(inputs, 1000);
    for (const RoundingMode mode : all_modes()) check_against_reference(inputs, {lns, mode});
  }
}

TEST_CASE("the vector kernel rounds wide logarithmic numbers as the reference does") {
  std::vector<float> inputs;
  add_anywhere(inputs, 5000);
  for (const char* text : {"lns8.7", "lns4.15", "lns8.11", "lns5.16", "lns8.15", "lns8.21"}) {
    for (const RoundingMode mode : all_modes()) {
      check_against_reference(inputs, {parse_format(text), mode});
    }
  }
}

/// 2^(a + b) where the format has it, its ends beyond.
double product_of_logarithms(int a, int b, const LnsFormat& lns, const LnsOracle& oracle) {
  const int limit = (1 << lns.fraction_bits) << (lns.integer_bits - 1);
  const int first = std::max(-limit, -126 * (1 << lns.fraction_bits));
  const std::vector<double>& values = oracle.rungs().values();
  if (a + b >= limit) return values.back();
  if (a + b >= first) return values[static_cast<std::size_t>(a + b - first)];
  // Half of the smallest is one power of two below.
  return a + b > first - (1 << lns.fraction_bits) ? values.front() : 0;
}

TEST_CASE("the product of two logarithmic numbers has the sum of their logarithms") {
  for (const LnsFormat lns : {LnsFormat{1, 0}, {3, 0}, {2, 3}, {4, 3}, {5, 3}, {8, 0}, {3, 6}}) {
    const LnsOracle oracle(lns.integer_bits, lns.fraction_bits);
    Mac mac;
    mac.product = {Format(lns)};
    mac.rounds_product = true;
    const int limit = (1 << lns.fraction_bits) << (lns.integer_bits - 1);
    const int first = std::max(-limit, -126 * (1 << lns.fraction_bits));
    const std::vector<double>& values = oracle.rungs().values();
    bool all = true;
    for (int a = first; a < limit; ++a) {
      for (int b = first; b < limit; ++b) {
        const auto x = static_cast<float>(values[static_cast<std::size_t>(a - first)]);
        const auto y = static_cast<float>(values[static_cast<std::size_t>(b - first)]);
        const double expected = product_of_logarithms(a, b, lns, oracle);
        all = all && multiply_rounded(x, y, mac) == expected;
        all = all && multiply_rounded(-x, y, mac) == -expected;
      }
    }
    INFO(spelling(Format(lns)));
    CHECK(all);
  }
}

TEST_CASE("products have the sums of the logarithms with the most fraction bits, too") {
  const Format format = parse_format("lns6.21");
  Mac mac;
  mac.product = {format};
  mac.rounds_product = true;
  const RandomKey key{8};
  bool all = true;
  for (std::size_t i = 0; i < 50000; ++i) {
    const std::uint32_t range = 1U << 25;  // logarithms in [-8, 8)
    const auto a = static_cast<std::int32_t>(random_below(key, 2 * i, range)) - (1 << 24);
    const auto b = static_cast<std::int32_t>(random_below(key, 2 * i + 1, range)) - (1 << 24);
    const std::uint32_t mask = (1U << 27) - 1;
    const auto x = static_cast<float>(decode(format, static_cast<std::uint32_t>(a) & mask));
    const auto y = static_cast<float>(decode(format, static_cast<std::uint32_t>(b) & mask));
    all = all &&
          encode(format, multiply_rounded(x, y, mac)) == (static_cast<std::uint32_t>(a + b) & mask);
  }
  CHECK(all);
}

TEST_CASE("a logarithmic accumulator rounds the exact sum once") {
  const LnsOracle oracle(5, 5);
  const Quantization lns{LnsFormat{5, 5}};
  const RandomKey key{5};
  const std::vector<double>& values = oracle.rungs().values();
  const auto size = static_cast<std::uint32_t>(values.size());
  bool all = true;
  int checked = 0;
  for (std::size_t i = 0; i < 50000; ++i) {
    const double a = values[random_below(key, 2 * i, size)];
    const double b = values[random_below(key, 2 * i + 1, size)];
    for (const double sum : {a + b, a - b}) {
      const double addend = sum == a + b ? b : -b;
      if (sum - a != addend || sum - addend != a) continue;  // not exact
      ++checked;
      all = all && add_rounded(a, addend, lns) == oracle.round(sum, {});
    }
  }
  CHECK(all);
  CHECK(checked > 50000);
}

TEST_CASE("logarithmic numbers saturate, keep NaN and have one zero") {
  const Format format = parse_format("lns4.3");
  const double largest = std::exp2(7.875);
  for (const RoundingMode& mode : deterministic_roundings()) {
    CHECK(round_to_format(1e30, format, mode) == doctest::Approx(largest));
    CHECK(round_to_format(-kInfinity, format, mode) == -round_to_format(kInfinity, format, mode));
    CHECK(round_to_format(kInfinity, format, mode) == doctest::Approx(largest));
    CHECK(std::isnan(round_to_format(kNan, format, mode)));
    CHECK_FALSE(std::signbit(round_to_format(-0.0, format, mode)));
  }
  CHECK(round_to_format(0x1p-8, format, {}) == 0x1p-8);
  // To the nearest logarithm, below -8 too: -9 + 1/16 is where it becomes more than -9.
  CHECK(round_to_format(std::exp2(-8.94), format, {}) == 0);
  CHECK(round_to_format(std::exp2(-8.93), format, {}) == 0x1p-8);
  CHECK(round_to_format(-0x1p-60, format, {Rounding::down, 0}) == -0x1p-8);
}

TEST_CASE("rounding to nearest is that of the logarithm, not of the value") {
  // Between 1 and 2 the middle is the root of 2.
  const Format format = parse_format("lns4.0");
  CHECK(round_to_format(1.41, format, {}) == 1);
  CHECK(round_to_format(1.42, format, {}) == 2);
}

}  // namespace
}  // namespace mantissa
