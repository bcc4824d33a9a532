#include <cmath>

#include <doctest/doctest.h>

#include "numeric/edge_inputs.h"
#include "numeric/mac.h"
#include "numeric/quantize.h"
#include "numeric/tapered_oracle.h"
#include "numeric/vector_check.h"
#include "support/text.h"

namespace mantissa {
namespace {

/// Every posit of at most 12 bits, and wider ones of every number of exponent bits.
std::vector<PositFormat> exhaustive_posits() {
  std::vector<PositFormat> posits;
  for (int exponent_bits = 0; exponent_bits <= 6; ++exponent_bits) {
    for (int bits = 2; bits <= 12; ++bits) {
      if (((bits - 2) << exponent_bits) <= 126) posits.push_back({bits, exponent_bits});
    }
  }
  for (const PositFormat wide : {PositFormat{16, 0}, {16, 1}, {16, 2}, {16, 3}, {14, 2}}) {
    posits.push_back(wide);
  }
  return posits;
}

TEST_CASE("codes of posits have the values of the standard, and back") {
  for (const PositFormat& posit : exhaustive_posits()) {
    const Format format(posit);
    INFO(spelling(format));
    const std::uint32_t half = 1U << (posit.bits - 1);
    CHECK(decode(format, 0) == 0);
    CHECK(std::isnan(decode(format, half)));
    bool all = encode(format, 0) == 0U && encode(format, kNan) == half;
    for (std::uint32_t code = 1; code < half; ++code) {
      const double value = posit_value(code, posit.bits, posit.exponent_bits);
      const std::uint32_t negative = 2 * half - code;
      all = all && decode(format, code) == value && decode(format, negative) == -value;
      all = all && encode(format, value) == code && encode(format, -value) == negative;
    }
    CHECK(all);
    CHECK_FALSE(encode(format, -0.0).has_value());
    CHECK_FALSE(encode(format, kInfinity).has_value());
  }
}

TEST_CASE("every posit and every middle rounds as the standard says, in every mode") {
  for (const PositFormat& posit : exhaustive_posits()) {
    const Format format(posit);
    const TaperedOracle oracle = posit_oracle(posit.bits, posit.exponent_bits);
    const std::vector<float> inputs = inputs_around(oracle);
    for (const RoundingMode mode : all_modes()) check_scalar(inputs, format, oracle, mode);
  }
}

TEST_CASE("the vector kernel rounds posits as the scalar reference does, on every target") {
  for (const PositFormat& posit : exhaustive_posits()) {
    const TaperedOracle oracle = posit_oracle(posit.bits, posit.exponent_bits);
    std::vector<float> inputs = inputs_around(oracle, posit.bits > 12 ? 7 : 1);
    add_anywhere(inputs, 2000);
    for (const RoundingMode mode : all_modes()) {
      check_against_reference(inputs, {Format(posit), mode});
    }
  }
}

TEST_CASE("the vector kernel rounds wide posits as the scalar reference does") {
  for (const char* text : {"posit17", "posit20", "posit24", "posit27", "posit28", "posit26es0",
                           "posit27es1", "posit17es3", "posit9es4", "posit22es0", "posit18es2"}) {
    std::vector<float> inputs;
    add_anywhere(inputs, 20000);
    for (const RoundingMode mode : all_modes()) {
      check_against_reference(inputs, {parse_format(text), mode});
    }
  }
}

TEST_CASE("a binary64 between two posits is rounded from itself, not from a binary32") {
  for (const PositFormat& posit : {PositFormat{8, 2}, {16, 1}, {16, 2}, {10, 0}, {8, 4}}) {
    const Format format(posit);
    const TaperedOracle oracle = posit_oracle(posit.bits, posit.exponent_bits);
    bool all = true;
    for (const double middle : oracle.middles()) {
      for (const double x : {std::nextafter(middle, 0.0), std::nextafter(middle, kInfinity)}) {
        for (const RoundingMode& mode : deterministic_roundings()) {
          all = all && round_to_format(x, format, mode) == oracle.round(x, mode);
          all = all && round_to_format(-x, format, mode) == oracle.round(-x, mode);
        }
      }
    }
    INFO(spelling(format));
    CHECK(all);
  }
}

TEST_CASE("a posit accumulator rounds the exact sum once") {
  const TaperedOracle oracle = posit_oracle(12, 2);
  const Mac mac = parse_mac("posit12");
  const RandomKey key{5};
  bool all = true;
  for (std::size_t i = 0; i < 20000; ++i) {
    const auto at = [&](std::size_t k) {
      const auto size = static_cast<std::uint32_t>(oracle.values().size());
      const double value = oracle.values()[random_below(key, 4 * i + k, size)];
      return random_bits(key, 4 * i + 3) >> k & 1 ? -value : value;
    };
    // Products of two posits near 1 and their sums with a third are exact in binary64.
    const double a = at(0);
    const double b = at(1);
    const double c = at(2);
    const double sum = a * b + c;
    const bool exact = a * b == std::fma(a, b, 0) && sum - c == a * b && sum - a * b == c;
    if (!exact) continue;
    const double found = multiply_accumulate(c, static_cast<float>(a), static_cast<float>(b), mac);
    all = all && found == oracle.round(sum, {});
  }
  CHECK(all);
}

TEST_CASE("posits have one zero, and NaR for infinity and NaN") {
  const Format format = parse_format("posit16");
  for (const RoundingMode& mode : deterministic_roundings()) {
    CHECK(std::isnan(round_to_format(kInfinity, format, mode)));
    CHECK(std::isnan(round_to_format(-kInfinity, format, mode)));
    CHECK(std::isnan(round_to_format(kNan, format, mode)));
    CHECK_FALSE(std::signbit(round_to_format(-0.0, format, mode)));
    CHECK(round_to_format(1e-38, format, mode) == 0x1p-56);
    CHECK(round_to_format(-1e38, format, mode) == -0x1p56);
  }
}

TEST_CASE("stochastic rounding between posits has the value for its mean, also where steps widen") {
  // 2^40 and 2^44 are neighbours in posit13; a quarter of the way the upper one is as likely.
  const Format format = parse_format("posit13");
  const double low = 0x1p40;
  const double high = 0x1p44;
  REQUIRE(round_to_format(low * 1.01, format, {Rounding::up, 0}) == high);
  const double x = low + (high - low) / 4;
  const RoundingMode two_bits{Rounding::stochastic, 2};
  CHECK(round_to_format(x, format, two_bits, 0x00000000) == high);
  CHECK(round_to_format(x, format, two_bits, 0x40000000) == low);
  CHECK(round_to_format(x, format, two_bits, 0x80000000) == low);
  CHECK(round_to_format(x, format, two_bits, 0xC0000000) == low);
  const RoundingMode all_bits{Rounding::stochastic, 0};
  CHECK(round_to_format(x, format, all_bits, 0x3FFFFFFF) == high);
  CHECK(round_to_format(x, format, all_bits, 0x40000000) == low);
}

}  // namespace
}  // namespace mantissa
