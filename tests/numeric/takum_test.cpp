#include <bit>
#include <cmath>
#include <cstdlib>

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

const std::vector<int>& exhaustive_bits() {
  static const std::vector<int> bits = {6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  return bits;
}

/// `value(code)` of the positive codes in reach, with the negative ones as their two's complements.
template <typename Value>
void check_codes(const Format& format, int bits, Value value) {
  INFO(spelling(format));
  const std::uint32_t half = 1U << (bits - 1);
  CHECK(decode(format, 0) == 0);
  CHECK(std::isnan(decode(format, half)));
  bool all = encode(format, 0) == 0U && encode(format, kNan) == half;
  int in_reach = 0;
  for (std::uint32_t code = 1; code < half; ++code) {
    const double expected = value(code);
    const std::uint32_t negative = 2 * half - code;
    if (expected < 0x1p-126 || expected >= 0x1p128) {
      all = all && !encode(format, expected).has_value();
      continue;
    }
    ++in_reach;
    all = all && decode(format, code) == expected && decode(format, negative) == -expected;
    all = all && encode(format, expected) == code && encode(format, -expected) == negative;
  }
  CHECK(all);
  CHECK(facts(format).finite_values == static_cast<std::uint64_t>(2 * in_reach + 1));
  CHECK_FALSE(encode(format, -0.0).has_value());
  CHECK_FALSE(encode(format, kInfinity).has_value());
}

TEST_CASE("codes of linear takums have the values of the definition, and back") {
  for (const int bits : exhaustive_bits()) {
    check_codes(LinearTakumFormat{bits}, bits,
                [bits](std::uint32_t code) { return linear_takum_value(code, bits); });
  }
}

TEST_CASE("codes of takums have the binary32 numbers nearest to their powers, and back") {
  for (const int bits : exhaustive_bits()) {
    check_codes(TakumFormat{bits}, bits, [bits](std::uint32_t code) {
      return power_rounded(takum_logarithm(code, bits), false, 24, MPFR_RNDN);
    });
  }
}

TEST_CASE("every linear takum and every middle rounds as the definition says, in every mode") {
  for (const int bits : exhaustive_bits()) {
    const TaperedOracle oracle = linear_takum_oracle(bits);
    const std::vector<float> inputs = inputs_around(oracle);
    for (const RoundingMode mode : all_modes()) {
      check_scalar(inputs, LinearTakumFormat{bits}, oracle, mode);
    }
  }
}

TEST_CASE("every takum and every middle rounds as MPFR says, in every mode") {
  for (const int bits : exhaustive_bits()) {
    const TaperedOracle oracle = takum_oracle(bits);
    const std::vector<float> inputs = inputs_around(oracle);
    for (const RoundingMode mode : all_modes()) {
      check_scalar(inputs, TakumFormat{bits}, oracle, mode);
    }
  }
}

TEST_CASE("the vector kernels round takums as the scalar reference does, on every target") {
  for (const int bits : exhaustive_bits()) {
    const std::size_t step = bits > 12 ? 7 : 1;
    std::vector<float> inputs = inputs_around(takum_oracle(bits), step);
    std::vector<float> linear_inputs = inputs_around(linear_takum_oracle(bits), step);
    add_anywhere(inputs, 2000);
    add_anywhere(linear_inputs, 2000);
    for (const RoundingMode mode : all_modes()) {
      check_against_reference(inputs, {TakumFormat{bits}, mode});
      check_against_reference(linear_inputs, {LinearTakumFormat{bits}, mode});
    }
  }
}

TEST_CASE("the vector kernels round wide takums as the scalar reference does") {
  std::vector<float> inputs;
  add_anywhere(inputs, 5000);
  for (const char* text : {"takum17", "takum18", "takum20", "takum21", "takum27", "takumlin17",
                           "takumlin20", "takumlin24", "takumlin28"}) {
    for (const RoundingMode mode : all_modes()) {
      check_against_reference(inputs, {parse_format(text), mode});
    }
  }
}

/// A binary32 number among wide takums: the members around it, and whether it is past the middle.
void check_wide_takum(int bits, float x) {
  const Format format = TakumFormat{bits};
  const double found = round_to_format(static_cast<double>(x), format, {});
  const std::uint32_t code = *encode(format, found);
  INFO(spelling(format) << " " << hex_float(static_cast<double>(x)) << " -> " << hex_float(found));
  CHECK(found == power_rounded(takum_logarithm(code, bits), false, 24, MPFR_RNDN));
  Real middle(kPowerPrecision);
  set_power(middle, takum_logarithm(2 * code - 1, bits + 1), false);
  CHECK(mpfr_cmp_d(middle.get(), static_cast<double>(x)) < 0);
  set_power(middle, takum_logarithm(2 * code + 1, bits + 1), false);
  CHECK(mpfr_cmp_d(middle.get(), static_cast<double>(x)) > 0);
}

TEST_CASE("wide takums round as MPFR says") {
  const RandomKey key{11};
  for (const int bits : {17, 19, 22, 25, 26, 27}) {
    for (std::size_t i = 0; i < 3000; ++i) {
      const std::uint32_t word = random_bits(key, i) & 0x7FFFFFFF;
      const auto anywhere = std::bit_cast<float>(word);
      if (anywhere > 0x1p-120F && anywhere < 0x1p120F) check_wide_takum(bits, anywhere);
      check_wide_takum(bits, std::bit_cast<float>((word & 0x01FFFFFF) | 0x3E000000));
    }
  }
}

TEST_CASE("rounding to a takum never changes the order of values") {
  for (const char* text : {"takum6", "takum11", "takum16", "takum24", "takumlin6", "takumlin11",
                           "takumlin16", "takumlin24"}) {
    const Format format = parse_format(text);
    for (const RoundingMode& mode : deterministic_roundings()) {
      double last = -kInfinity;
      bool ordered = true;
      for (std::int64_t code = -0x7F7FFFFF; code <= 0x7F7FFFFF; code += 91'193) {
        const auto magnitude = std::bit_cast<float>(static_cast<std::uint32_t>(std::abs(code)));
        const double value = static_cast<double>(code < 0 ? -magnitude : magnitude);
        const double found = round_to_format(value, format, mode);
        ordered = ordered && found >= last;
        last = found;
      }
      INFO(std::string(text) << "/" << spelling(mode));
      CHECK(ordered);
    }
  }
}

TEST_CASE("an exact sum that a binary64 cannot hold is rounded to a takum from all of its bits") {
  // The middle's first 53 bits, and the next 53 cut or rounded up: below and above it.
  for (const int bits : {8, 12, 16, 24}) {
    const Quantization takum{TakumFormat{bits}};
    const std::uint32_t one = 1U << (bits - 2);
    const RandomKey key{3};
    bool all = true;
    for (std::size_t i = 0; i < 500; ++i) {
      const std::uint32_t code = one - one / 8 + random_below(key, i, one / 4);
      const double low = decode(takum.format, code);
      const double high = decode(takum.format, code + 1);
      Real middle(kPowerPrecision);
      set_power(middle, takum_logarithm(2 * code + 1, bits + 1), false);
      const double head = mpfr_get_d(middle.get(), MPFR_RNDZ);
      Real rest(kPowerPrecision);
      mpfr_sub_d(rest.get(), middle.get(), head, MPFR_RNDN);
      all = all && add_rounded(head, mpfr_get_d(rest.get(), MPFR_RNDZ), takum) == low;
      all = all && add_rounded(head, mpfr_get_d(rest.get(), MPFR_RNDA), takum) == high;
      all = all && add_rounded(-head, -mpfr_get_d(rest.get(), MPFR_RNDA), takum) == -high;
    }
    INFO(bits << " bits");
    CHECK(all);
  }
}

/// Where a number of 70 bits and a tail could not be told from a middle, 53 and more bits of the
/// middle would be followed by only zeros or only ones.
TEST_CASE("no middle between takums begins with a binary64 followed by 50 equal bits") {
  constexpr int kBits = 16;
  double nearest = 1;
  for (std::uint32_t code = 1; code + 1 < 1U << (kBits - 1); ++code) {
    Real middle(kPowerPrecision);
    set_power(middle, takum_logarithm(2 * code + 1, kBits + 1), false);
    mpfr_set_exp(middle.get(), 53);
    mpfr_frac(middle.get(), middle.get(), MPFR_RNDN);
    const double fraction = mpfr_get_d(middle.get(), MPFR_RNDN);
    nearest = std::min({nearest, fraction, 1 - fraction});
  }
  CHECK(nearest > 0x1p-50);
}

TEST_CASE("takums have one zero, NaR for infinity and NaN, and saturate") {
  for (const char* text : {"takum16", "takumlin16", "takum8", "takumlin8"}) {
    const Format format = parse_format(text);
    const FormatFacts known = facts(format);
    INFO(std::string(text));
    for (const RoundingMode& mode : deterministic_roundings()) {
      CHECK(std::isnan(round_to_format(kInfinity, format, mode)));
      CHECK(std::isnan(round_to_format(-kInfinity, format, mode)));
      CHECK(std::isnan(round_to_format(kNan, format, mode)));
      CHECK_FALSE(std::signbit(round_to_format(-0.0, format, mode)));
      CHECK(round_to_format(0x1p-149, format, mode) == known.min_positive);
      CHECK(round_to_format(-0x1p-149, format, mode) == -known.min_positive);
      CHECK(round_to_format(-0x1.fffffep127, format, mode) == -known.max_finite);
      CHECK(round_to_format(0x1p200, format, mode) == known.max_finite);
    }
    CHECK(known.min_positive >= 0x1p-126);
    CHECK(known.min_positive < 0x1p-100);
    CHECK(known.max_finite > 0x1p100);
    CHECK(known.min_finite == -known.max_finite);
  }
}

TEST_CASE("the takum of the definition's examples") {
  // sqrt(e)^l with l = 2.75 is the 8-bit takum nearest to 4, and that of 2 has l = 1.5.
  CHECK(round_to_format(4, TakumFormat{8}, {}) == doctest::Approx(std::exp(2.75 / 2)));
  CHECK(round_to_format(2, TakumFormat{8}, {}) == doctest::Approx(std::exp(1.5 / 2)));
  CHECK(round_to_format(1, TakumFormat{8}, {}) == 1);
  CHECK(decode(TakumFormat{8}, 0x40) == 1);
  CHECK(decode(TakumFormat{8}, 0xC0) == -1);
  CHECK(round_to_format(4, LinearTakumFormat{8}, {}) == 4);
}

TEST_CASE("a linear takum accumulator rounds the exact sum once") {
  const TaperedOracle oracle = linear_takum_oracle(12);
  const Mac mac = parse_mac("takumlin12");
  const RandomKey key{5};
  bool all = true;
  for (std::size_t i = 0; i < 20000; ++i) {
    const auto at = [&](std::size_t k) {
      const auto size = static_cast<std::uint32_t>(oracle.values().size());
      const double value = oracle.values()[random_below(key, 4 * i + k, size)];
      return random_bits(key, 4 * i + 3) >> k & 1 ? -value : value;
    };
    const double a = at(0);
    const double b = at(1);
    const double c = at(2);
    const double sum = a * b + c;
    if (sum - c != a * b || sum - a * b != c) continue;  // not exact
    const double found = multiply_accumulate(c, static_cast<float>(a), static_cast<float>(b), mac);
    all = all && found == oracle.round(sum, {});
  }
  CHECK(all);
}

/// Every binary32 number, by its place among the turning points: whether the kernel's logarithms
/// are as good as its tables suppose. Takes a minute.
TEST_CASE("the vector kernel turns over where its table says, on all of binary32" *
          doctest::skip(std::getenv("MANTISSA_EXHAUSTIVE") == nullptr)) {
  for (const char* text :
       {"takum8", "takum10", "takum16", "takum20", "lns4.3", "lns8.5", "lns8.7", "lns8.10"}) {
    const Quantization format{parse_format(text)};
    const auto table = log_table(format.format, {});
    REQUIRE(table);
    constexpr std::int32_t kRun = 1 << 16;
    std::vector<float> values(kRun);
    std::size_t at = 0;
    bool all = true;
    for (std::int32_t first = 0; first < 0x7F800000; first += kRun) {
      for (std::int32_t i = 0; i < kRun; ++i) {
        values[static_cast<std::size_t>(i)] = std::bit_cast<float>(first + i);
      }
      quantize(values, format);
      for (std::int32_t i = 0; i < kRun; ++i) {
        while (first + i >= table->turns[at]) ++at;
        const std::int32_t expected = first + i < table->least[0] ? 0 : table->members[at];
        const float found = values[static_cast<std::size_t>(i)];
        all = all && std::bit_cast<std::int32_t>(found) == expected;
      }
    }
    INFO(std::string(text));
    CHECK(all);
  }
}

}  // namespace
}  // namespace mantissa
