#include <bit>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "numeric/all_formats.h"
#include "numeric/edge_inputs.h"
#include "numeric/mac.h"
#include "numeric/mac_operands.h"
#include "numeric/mpfr_oracle.h"
#include "support/text.h"

namespace mantissa {
namespace {

std::vector<RoundingMode> modes_with_stochastic() {
  std::vector<RoundingMode> modes = deterministic_roundings();
  for (const int bits : {0, 3, 12})
    modes.push_back({Rounding::stochastic, static_cast<std::uint8_t>(bits)});
  return modes;
}

void check_rounding(const Format& format, const std::vector<double>& inputs) {
  const MpfrOracle oracle(format);
  Real exact(53);
  for (const RoundingMode& mode : modes_with_stochastic()) {
    std::uint64_t index = 0;
    for (const double input : inputs) {
      mpfr_set_d(exact.get(), input, MPFR_RNDN);
      const std::uint32_t random = random_bits({5}, index++);
      const double expected = oracle.round(exact, mode, random);
      const double found = round_to_format(input, format, mode, random);
      if (same(expected, found)) continue;
      INFO(spelling(format) << "/" << spelling(mode) << " of " << hex_float(input) << " is "
                            << hex_float(found) << ", MPFR says " << hex_float(expected));
      CHECK(same(expected, found));
    }
  }
}

std::vector<double> widened(const std::vector<float>& inputs) {
  return {inputs.begin(), inputs.end()};
}

/// binary64 numbers that binary32 cannot tell from ties of the format.
std::vector<double> near_ties(const Format& format) {
  const RoundingGrid grid = rounding_grid(format);
  std::vector<double> inputs;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const int exponents = grid.max_exponent + 3 - grid.min_quantum_exponent();
    const int exponent =
        grid.min_quantum_exponent() - 2 +
        static_cast<int>(random_below({9}, 2 * i, static_cast<std::uint32_t>(exponents)));
    const std::uint32_t halves = 2 * (random_bits({9}, 2 * i + 1) >> (31 - grid.fraction_bits)) + 1;
    const double tie = std::ldexp(halves, exponent - grid.fraction_bits - 1);
    for (const double input : {tie, std::nextafter(tie, kInfinity), std::nextafter(tie, 0.0)}) {
      inputs.push_back(input);
      inputs.push_back(-input);
    }
  }
  for (const double input :
       {0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, 0x1p128, 0x1.ffffffffp127}) {
    inputs.push_back(input);
    inputs.push_back(-input);
  }
  return inputs;
}

TEST_CASE(
    "the reference equals MPFR on every value, midpoint and neighbour of every format of up to 8 "
    "bits") {
  std::vector<Format> formats = float_formats(8);
  for (const Format& format : fixed_formats(8)) formats.push_back(format);
  for (const Format& format : formats) check_rounding(format, widened(exhaustive_inputs(format)));
}

TEST_CASE("the reference equals MPFR on edges and random inputs of wide formats") {
  for (const Format& format : wide_formats())
    check_rounding(format, widened(edge_inputs(format, 100)));
}

TEST_CASE("the reference equals MPFR on binary64 inputs a hair from a tie") {
  std::vector<Format> formats = wide_formats();
  for (const char* text : {"e4m3fn", "e5m2", "e2m1fin", "e3m4nosub", "e5m0", "q3.5", "fp32"})
    formats.push_back(parse_format(text));
  for (const Format& format : formats) check_rounding(format, near_ties(format));
}

TEST_CASE("stochastic rounding changes its mind exactly at the discarded fraction") {
  for (const char* text : {"e4m3fn", "fp16", "bf16", "fp32", "q8.8", "e5m2nosub"}) {
    const Format format = parse_format(text);
    const RoundingMode mode{Rounding::stochastic, 0};
    for (std::uint64_t i = 0; i < 500; ++i) {
      const double value = random_normal({21}, i);
      const double below = round_to_format(value, format, {Rounding::toward_zero, 0});
      const double away =
          round_to_format(value, format, {value > 0 ? Rounding::up : Rounding::down, 0});
      if (below == away || std::abs(value) < 0x1p-10) continue;
      const auto threshold = static_cast<std::uint64_t>((value - below) / (away - below) * 0x1p32);
      if (threshold > 0)
        CHECK(round_to_format(value, format, mode, static_cast<std::uint32_t>(threshold - 1)) ==
              away);
      CHECK(round_to_format(value, format, mode, static_cast<std::uint32_t>(threshold)) == below);
    }
  }
}

TEST_CASE("of all words of R bits, as many round away as the discarded fraction says") {
  for (const char* text : {"e4m3fn", "e5m2", "q3.5", "posit8", "e2m1fin", "takumlin8"}) {
    const Format format = parse_format(text);
    for (const int bits : {1, 4, 8}) {
      const RoundingMode mode{Rounding::stochastic, static_cast<std::uint8_t>(bits)};
      const std::uint32_t words = 1U << bits;
      for (std::uint64_t i = 0; i < 300; ++i) {
        // At most 12 fraction bits, so that the fraction of the distance is exact.
        const double value = std::ldexp(std::round(random_normal({22}, i) * 4096), -12);
        const double below = round_to_format(value, format, {Rounding::toward_zero, 0});
        const double away =
            round_to_format(value, format, {value > 0 ? Rounding::up : Rounding::down, 0});
        const double fraction = below == away ? 0 : (value - below) / (away - below);
        std::uint32_t count = 0;
        for (std::uint32_t word = 0; word < words; ++word) {
          const double rounded = round_to_format(value, format, mode, word << (32 - bits));
          if (rounded != below) ++count;
        }
        INFO(text << "/sr" << bits << " of " << hex_float(value));
        CHECK(count == static_cast<std::uint32_t>(std::floor(fraction * words)));
      }
    }
  }
}

TEST_CASE("a multiply-accumulate equals mpfr_fma, the sign of zero and subnormals included") {
  for (const char* text : {"fp32", "fp16", "bf16", "tf32", "e4m3fn", "e5m2", "e6m9", "e8m22fnuz",
                           "e5m23", "e7m16nosub", "e2m1fin", "e4m0"}) {
    const Format format = parse_format(text);
    const MpfrOracle oracle(format);
    for (const RoundingMode& mode : deterministic_roundings()) {
      if (!MpfrOracle::native(mode.rounding)) continue;
      Mac mac;
      mac.accumulator = {format, mode};
      for (const Operands& o : operands_for(format, 0, 300)) {
        const double expected =
            oracle.fused(static_cast<double>(o.a), static_cast<double>(o.b), o.accumulator, mode);
        const double found = multiply_accumulate(o.accumulator, o.a, o.b, mac);
        if (same(expected, found)) continue;
        INFO(spelling(mac) << " of " << hex_float(o.accumulator) << " + "
                           << hex_float(static_cast<double>(o.a)) << " * " << o.b << " is "
                           << hex_float(found) << ", MPFR says " << hex_float(expected));
        CHECK(same(expected, found));
      }
    }
  }
}

TEST_CASE(
    "a multiply-accumulate equals MPFR's exact sum, rounded once, in the modes that MPFR lacks") {
  for (const char* text :
       {"fp32/sr", "fp32/ro", "fp32/rna", "e8m22/sr", "fp16/sr", "fp16/sr8", "fp16/ro", "bf16/rna",
        "e4m3fn/sr", "e4m3fn/ro", "q8.8/sr", "q8.8/rna", "q1.24/rne", "e5m2nosub/sr4"}) {
    Mac mac;
    mac.accumulator = parse_quantization(text);
    const MpfrOracle oracle(mac.accumulator.format);
    Real sum(kExactPrecision);
    Real product(kExactPrecision);
    std::uint64_t index = 0;
    for (const Operands& o : operands_for(mac.accumulator.format, 0, 300)) {
      mpfr_set_d(product.get(), static_cast<double>(o.a), MPFR_RNDN);
      mpfr_mul_d(product.get(), product.get(), static_cast<double>(o.b), MPFR_RNDN);
      mpfr_set_d(sum.get(), o.accumulator, MPFR_RNDN);
      mpfr_add(sum.get(), sum.get(), product.get(), MPFR_RNDN);
      const std::uint32_t random = random_bits({41}, index++);
      const double expected = oracle.round(sum, mac.accumulator.rounding, random);
      const double found = multiply_accumulate(o.accumulator, o.a, o.b, mac, 0, random);
      if (same(expected, found)) continue;
      INFO(text << " of " << hex_float(o.accumulator) << " + "
                << hex_float(static_cast<double>(o.a)) << " * "
                << hex_float(static_cast<double>(o.b)) << " is " << hex_float(found)
                << ", MPFR says " << hex_float(expected));
      CHECK(same(expected, found));
    }
  }
}

TEST_CASE("a rounded product enters the sum as the member that it rounds to") {
  const Mac mac = parse_mac("e6m9 product=e4m3fn/sr");
  const Mac fused = parse_mac("e6m9");
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const auto a = static_cast<float>(random_normal({51}, i));
    const auto b = static_cast<float>(random_normal({52}, i));
    const double accumulator = round_to_format(random_normal({53}, i), mac.accumulator.format, {});
    const std::uint32_t random = random_bits({54}, i);
    const double product = round_to_format(static_cast<double>(a) * static_cast<double>(b),
                                           mac.product.format, mac.product.rounding, random);
    CHECK(multiply_accumulate(accumulator, a, b, mac, random) ==
          multiply_accumulate(accumulator, static_cast<float>(product), 1, fused));
  }
}

}  // namespace
}  // namespace mantissa
