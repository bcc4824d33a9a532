#include <cmath>
#include <map>

#include <doctest/doctest.h>

#include "numeric/edge_inputs.h"
#include "numeric/mac.h"
#include "numeric/quantize.h"
#include "numeric/tapered_oracle.h"
#include "numeric/vector_check.h"
#include "support/text.h"

namespace mantissa {
namespace {

/// The value of a positive unum with `es` exponent and `fs` fraction bits: Gustafson, The End of
/// Error (2015), section 3: 2^(e - bias) (1 + f), or 2^(1 - bias) f where e = 0, and
/// bias = 2^(es - 1) - 1.
double unum_value(int es, int fs, std::uint32_t exponent, std::uint32_t fraction) {
  const int bias = (1 << (es - 1)) - 1;
  const double f = std::ldexp(fraction, -fs);
  return exponent == 0 ? std::ldexp(f, 1 - bias)
                       : std::ldexp(1 + f, static_cast<int>(exponent) - bias);
}

/// The bits of the shortest encoding of each value of at least zero that has one, tag included.
std::map<double, int> shortest_encodings(const UnumFormat& unum) {
  std::map<double, int> shortest;
  const int max_es = 1 << unum.exponent_size_bits;
  const int max_fs = 1 << unum.fraction_size_bits;
  for (int es = 1; es <= max_es; ++es) {
    for (int fs = 1; fs <= max_fs; ++fs) {
      const int bits = 2 + unum.exponent_size_bits + unum.fraction_size_bits + es + fs;
      for (std::uint32_t exponent = 0; exponent < 1U << es; ++exponent) {
        for (std::uint32_t fraction = 0; fraction < 1U << fs; ++fraction) {
          const bool ones = exponent == (1U << es) - 1 && fraction == (1U << fs) - 1;
          if (ones && es == max_es && fs == max_fs) continue;  // infinity
          const double value = unum_value(es, fs, exponent, fraction);
          if (value >= 0x1p128) continue;  // out of reach
          const auto [at, is_new] = shortest.emplace(value, bits);
          if (!is_new) at->second = std::min(at->second, bits);
        }
      }
    }
  }
  return shortest;
}

/// Those whose values are few.
std::vector<UnumFormat> exhaustive_unums() {
  std::vector<UnumFormat> unums;
  for (int exponent_size_bits = 0; exponent_size_bits <= 3; ++exponent_size_bits) {
    for (int fraction_size_bits = 0; fraction_size_bits <= 3; ++fraction_size_bits) {
      unums.push_back({exponent_size_bits, fraction_size_bits});
    }
  }
  return unums;
}

/// All values in order, with zero, whose code is even, first.
TaperedOracle unum_oracle(const UnumFormat& unum) {
  std::vector<double> values;
  std::vector<double> middles;
  for (const auto& [value, bits] : shortest_encodings(unum)) values.push_back(value);
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    middles.push_back((values[i] + values[i + 1]) / 2);
  }
  middles.push_back(values.back());
  return {values, middles, 0};
}

TEST_CASE("unums have the values of the definition, and the bits of their shortest encodings") {
  for (const UnumFormat& unum : exhaustive_unums()) {
    const Format format(unum);
    INFO(spelling(format));
    const std::map<double, int> shortest = shortest_encodings(unum);
    CHECK(facts(format).finite_values == 2 * shortest.size() - 1);
    CHECK(facts(format).max_finite == shortest.rbegin()->first);
    CHECK(facts(format).min_positive == std::next(shortest.begin())->first);
    bool all = true;
    int longest = 0;
    for (const auto& [value, bits] : shortest) {
      all = all && round_to_format(value, format, {}) == value && unum.value_bits(value) == bits &&
            unum.value_bits(-value) == bits;
      const std::optional<std::uint32_t> code = encode(format, value);
      all = all && code && decode(format, *code) == value && decode(format, *code + 1) == value;
      longest = std::max(longest, bits);
    }
    CHECK(all);
    CHECK(longest == facts(format).storage_bits);
    CHECK(decode(format, *encode(format, kInfinity)) == kInfinity);
    CHECK(decode(format, *encode(format, -kInfinity)) == -kInfinity);
    CHECK(std::isnan(decode(format, *encode(format, kNan))));
    CHECK(std::signbit(decode(format, *encode(format, -0.0))));
    CHECK(unum.value_bits(kInfinity) == longest);
  }
}

TEST_CASE("every unum and every middle rounds to nearest, ties to even, in every mode") {
  for (const UnumFormat& unum : exhaustive_unums()) {
    const TaperedOracle oracle = unum_oracle(unum);
    const std::size_t step = oracle.values().size() > 5000 ? 17 : 1;
    const std::vector<float> inputs = inputs_around(oracle, step);
    for (const RoundingMode mode : all_modes()) check_scalar(inputs, unum, oracle, mode);
  }
}

TEST_CASE("the vector kernel rounds unums as the scalar reference does, on every target") {
  for (const UnumFormat& unum : exhaustive_unums()) {
    const TaperedOracle oracle = unum_oracle(unum);
    std::vector<float> inputs = inputs_around(oracle, oracle.values().size() / 500 + 1);
    add_anywhere(inputs, 2000);
    for (const RoundingMode mode : all_modes()) check_against_reference(inputs, {unum, mode});
  }
  std::vector<float> inputs;
  add_anywhere(inputs, 5000);
  for (const char* text : {"unum0_4", "unum2_4", "unum3_4"}) {
    for (const RoundingMode mode : all_modes()) {
      check_against_reference(inputs, {parse_format(text), mode});
    }
  }
}

TEST_CASE("a finite value never becomes an infinite unum, and infinities stay") {
  for (const char* text : {"unum0_0", "unum2_3", "unum3_4"}) {
    const Format format = parse_format(text);
    const double largest = facts(format).max_finite;
    for (const RoundingMode& mode : deterministic_roundings()) {
      INFO(std::string(text) << "/" << spelling(mode));
      CHECK(round_to_format(0x1p200, format, mode) == largest);
      CHECK(round_to_format(-0x1.fffffep127, format, mode) == -largest);
      CHECK(round_to_format(kInfinity, format, mode) == kInfinity);
      CHECK(round_to_format(-kInfinity, format, mode) == -kInfinity);
      CHECK(std::isnan(round_to_format(kNan, format, mode)));
      CHECK(std::signbit(round_to_format(-0.0, format, mode)));
    }
  }
}

TEST_CASE("the mean bits of a tensor are those of its elements' encodings") {
  const Format format = parse_format("unum2_3");
  // 1 is 2^0 with an exponent of 1 bit: that of 0 is 2, and f = 1/2. 9 bits with a tag of 6.
  const UnumFormat unum{2, 3};
  CHECK(unum.value_bits(1) == 1 + 1 + 1 + 6);
  CHECK(unum.value_bits(0) == 9);
  const std::vector<float> values = {1, 0, 1.00390625F};
  CHECK(unum.value_bits(1.00390625) == 1 + 2 + 8 + 6);
  CHECK(mean_storage_bits(values, format) == doctest::Approx((9 + 9 + 17) / 3.0));
  CHECK(mean_storage_bits({}, format) == facts(format).storage_bits);
  CHECK(mean_storage_bits(values, parse_format("e4m3fn")) == 8);
}

TEST_CASE("a unum accumulator rounds the exact sum once") {
  const TaperedOracle oracle = unum_oracle({2, 2});
  const Mac mac = parse_mac("unum2_2");
  bool all = true;
  for (const double a : oracle.values()) {
    for (const double b : oracle.values()) {
      const double sum = a + b;  // exact: few bits, few exponents
      const double found = multiply_accumulate(a, static_cast<float>(b), 1, mac);
      all = all && found == oracle.round(sum, {});
    }
  }
  CHECK(all);
}

}  // namespace
}  // namespace mantissa
