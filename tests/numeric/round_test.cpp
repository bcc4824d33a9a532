#include <cmath>

#include <doctest/doctest.h>

#include "numeric/all_formats.h"
#include "numeric/mac.h"
#include "numeric/quantize.h"

namespace mantissa {
namespace {

double rounded(double value, const char* quantization, std::uint32_t random = 0) {
  const Quantization parsed = parse_quantization(quantization);
  return round_to_format(value, parsed.format, parsed.rounding, random);
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

TEST_CASE("every member of a format is its own rounding in every mode") {
  std::vector<Format> formats = float_formats(8);
  for (const Format& format : fixed_formats(8)) formats.push_back(format);
  for (const Format& format : uneven_formats(12)) formats.push_back(format);
  for (const Format& format : formats) {
    for (const RoundingMode& mode : deterministic_roundings()) {
      INFO(spelling(format) << " " << spelling(mode));
      bool all = true;
      for (const double value : finite_values(format))
        all = all && same(round_to_format(value, format, mode), value);
      CHECK(all);
    }
  }
}

TEST_CASE("overflow to OCP E4M3 begins at 464, half a step above the largest number, 448") {
  CHECK(rounded(448, "e4m3fn") == 448);
  CHECK(rounded(464, "e4m3fn") == 448);  // a tie between 448 (even) and 480
  CHECK(std::isnan(rounded(0x1.d00001p8, "e4m3fn")));
  CHECK(rounded(1e30, "e4m3fnsat") == 448);
  CHECK(rounded(-1e30, "e4m3fin") == -480);
  CHECK(rounded(65519.99, "fp16") == 65504);
  CHECK(rounded(65520, "fp16") == kInfinity);
}

TEST_CASE("overflow becomes the largest number where the mode points inward") {
  for (const char* mode : {"e4m3fn/rtz", "e4m3fn/ro", "e4m3fn/rdn"})
    CHECK(rounded(500, mode) == 448);
  for (const char* mode : {"e5m2/rtz", "e5m2/ro", "e5m2/rup"}) CHECK(rounded(-1e6, mode) == -57344);
  CHECK(rounded(1e6, "e5m2/rup") == kInfinity);
  CHECK(rounded(-1e6, "e5m2/rdn") == -kInfinity);
  CHECK(rounded(1e6, "e5m2/sr", 0) == kInfinity);
  for (const char* mode : {"e5m2/rtz", "e5m2/ro", "e5m2/rdn", "e5m2/sr"})
    CHECK(rounded(kInfinity, mode) == kInfinity);
  CHECK(std::isnan(rounded(kInfinity, "e4m3fn/rtz")));
  CHECK(rounded(kInfinity, "e4m3fnsat/rup") == 448);
  CHECK(rounded(-kInfinity, "q8.8") == -128);
}

TEST_CASE("zero keeps its sign where the format has -0") {
  CHECK(same(rounded(-0.0, "e4m3fn"), -0.0));
  CHECK(same(rounded(-1e-30, "e4m3fn"), -0.0));
  CHECK(same(rounded(-0.9, "e2m1finnosub"), -1));
  CHECK(same(rounded(-0.6, "e2m1finnosub"), -0.0));
  CHECK(same(rounded(-0.0, "e4m3fnuz"), 0.0));
  CHECK(same(rounded(-1e-30, "e4m3fnuz"), 0.0));
  CHECK(same(rounded(-0.001, "q8.8"), 0.0));
}

TEST_CASE("NaN stays NaN in every format") {
  for (const char* format : {"fp32", "e4m3fn", "e4m3fnuz", "e2m1fin", "e5m2sat", "q8.8"})
    CHECK(std::isnan(rounded(kNan, format)));
}

TEST_CASE("a value is rounded once, from the binary64 itself") {
  CHECK(rounded(1 + 0x1p-11 + 0x1p-50, "fp16") ==
        1 + 0x1p-10);  // through binary32 it would be the tie, hence 1
  CHECK(rounded(1 + 0x1p-11, "fp16") == 1);
  CHECK(rounded(0x1p-150, "fp32") == 0);
  CHECK(rounded(0x1.0000000000001p-150, "fp32") == 0x1p-149);
  CHECK(rounded(0x1p-1074, "fp32/rup") == 0x1p-149);
  CHECK(rounded(-0x1p-1074, "fp16/rdn") == -0x1p-24);
  CHECK(rounded(0x1p-1074, "fp16/ro") == 0x1p-24);
}

TEST_CASE(
    "without fraction bits a tie goes to the larger magnitude, as IEEE 754 rules for one digit") {
  CHECK(rounded(1.5, "e4m0") == 2);
  CHECK(rounded(3, "e4m0") == 4);
  CHECK(rounded(-3, "e4m0") == -4);
}

TEST_CASE("a stochastic rounding goes away from zero as often as its discarded bits say") {
  for (const int bits : {1, 3, 8}) {
    const RoundingMode mode{Rounding::stochastic, static_cast<std::uint8_t>(bits)};
    const Format format = parse_format("e4m3");
    for (int sixteenth = 0; sixteenth < 16; ++sixteenth) {
      const double value = -(1 + sixteenth / 128.0);  // between -1 and -1.125
      int away = 0;
      for (std::uint32_t word = 0; word < (1U << bits); ++word) {
        if (round_to_format(value, format, mode, word << (32 - bits)) == -1.125) ++away;
      }
      CHECK(away == (sixteenth << bits) / 16);
    }
  }
}

TEST_CASE(
    "few random bits bias stochastic rounding toward zero by (2^-R - 2^-B) / 2 units in the last "
    "place") {
  // Fitzgibbon & Felix, 2025: the mean over all discarded parts of B bits and all words of R bits.
  constexpr int kDiscardedBits = 8;
  const Format format = parse_format("e4m3");
  for (const int bits : {1, 2, 4, 8}) {
    const RoundingMode mode{Rounding::stochastic, static_cast<std::uint8_t>(bits)};
    double error = 0;
    for (int part = 0; part < 1 << kDiscardedBits; ++part) {
      const double value = 1 + std::ldexp(part, -3 - kDiscardedBits);
      for (std::uint32_t word = 0; word < (1U << bits); ++word) {
        error += (round_to_format(value, format, mode, word << (32 - bits)) - value) * 8;
      }
    }
    error /= std::ldexp(1.0, kDiscardedBits + bits);
    CHECK(error == -(std::ldexp(1.0, -bits) - std::ldexp(1.0, -kDiscardedBits)) / 2);
  }
}

TEST_CASE("an unlimited stochastic rounding compares all 32 bits") {
  const double value = 1 + 0x1.23456789p-4;  // a fraction of 0x91A2B3C4.8 / 2^32 of the step 1/8
  CHECK(rounded(value, "e4m3/sr", 0x91A2B3C3) == 1.125);
  CHECK(rounded(value, "e4m3/sr", 0x91A2B3C4) == 1);
  CHECK(rounded(0x1p-149, "e4m3/sr", 0) == 0);  // its fraction is below 2^-32
}

TEST_CASE("a fused multiply-accumulate rounds the exact sum once") {
  const Mac mac = parse_mac("fp16");
  CHECK(multiply_accumulate(1, 1, 0x1p-11F, mac) == 1);
  CHECK(multiply_accumulate(1, 0x1.002p0F, 0x1p-11F, mac) == 1 + 0x1p-10);
  // The sum needs 1 + 2^-11 + 2^-149: beyond binary64, where it would look like a tie.
  CHECK(multiply_accumulate(1 + 0x1p-11, 0x1p-75F, 0x1p-74F, mac) == 1 + 0x1p-10);
  CHECK(multiply_accumulate(1 + 0x1p-11, -0x1p-75F, 0x1p-74F, mac) == 1);
  CHECK(same(multiply_accumulate(-0.0, -0.0F, 1, mac), -0.0));
  CHECK(same(multiply_accumulate(-0.0, 0.0F, 1, mac), 0.0));
  CHECK(same(multiply_accumulate(1, -1, 1, mac), 0.0));
  CHECK(same(multiply_accumulate(1, -1, 1, parse_mac("fp16/rdn")), -0.0));
  CHECK(std::isnan(multiply_accumulate(0, INFINITY, 0, mac)));
  CHECK(std::isnan(multiply_accumulate(-kInfinity, INFINITY, 1, mac)));
  CHECK(multiply_accumulate(0, INFINITY, 1, mac) == INFINITY);
}

}  // namespace
}  // namespace mantissa
