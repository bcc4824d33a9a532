#include <bit>
#include <cmath>

#include <doctest/doctest.h>

#include "numeric/mac.h"
#include "numeric/mpfr_oracle.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr mpfr_prec_t kExactBits = 256;  // of a product and a sum of numbers of 8-bit formats

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Of every code, infinities, NaN and both zeros among them.
std::vector<float> values_of_codes(const Format& format) {
  std::vector<float> values;
  for (std::uint32_t code = 0; code < 1U << facts(format).code_bits; ++code) {
    values.push_back(static_cast<float>(decode(format, code)));
  }
  return values;
}

/// accumulator + a * b by MPFR, rounded once.
class ExactMac {
 public:
  double round(double accumulator, float a, float b, const MpfrOracle& oracle, RoundingMode mode) {
    // The only thing that depends on MPFR's mode is the sign of a sum of zero.
    const mpfr_rnd_t rounding = mode.rounding == Rounding::down ? MPFR_RNDD : MPFR_RNDN;
    mpfr_set_d(sum_.get(), static_cast<double>(a), MPFR_RNDN);
    mpfr_mul_d(sum_.get(), sum_.get(), static_cast<double>(b), MPFR_RNDN);
    mpfr_add_d(sum_.get(), sum_.get(), accumulator, rounding);
    return oracle.round(sum_, mode);
  }

 private:
  Real sum_{kExactBits};
};

/// Onto every `step`-th number of the format; `unit_operand`: of sums, with 1 for b.
void check_all_pairs(const char* text, std::size_t step, bool unit_operand) {
  const Format format = parse_format(text);
  const MpfrOracle oracle(format);
  const std::vector<float> values = values_of_codes(format);
  const std::vector<float> ones = {1.0F};
  ExactMac exact;
  for (const RoundingMode& mode : deterministic_roundings()) {
    Mac mac;
    mac.accumulator = {format, mode};
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < values.size(); k += step) {
      const auto accumulator = static_cast<double>(values[k]);
      for (const float a : values) {
        for (const float b : unit_operand ? ones : values) {
          const double expected = exact.round(accumulator, a, b, oracle, mode);
          wrong += same(multiply_accumulate(accumulator, a, b, mac), expected) ? 0U : 1U;
        }
      }
    }
    INFO(std::string(text) << "/" << spelling(mode));
    CHECK(wrong == 0);
  }
}

TEST_CASE("the sums of all pairs of numbers of a small format equal MPFR's, in every mode") {
  for (const char* text : {"e4m3fn", "e5m2", "e4m3fnuz", "e4m3uz", "e3m4", "e3m2fin", "e2m3fin",
                           "e2m1fin", "e5m2nosub"}) {
    check_all_pairs(text, 1, true);
  }
}

TEST_CASE("the products of all pairs of numbers of a small format equal MPFR's, in every mode") {
  for (const char* text : {"e4m3fn", "e5m2", "e4m3fnuz", "e4m3uz", "e3m4", "e3m2fin", "e2m3fin",
                           "e2m1fin", "e5m2nosub"}) {
    const Format format = parse_format(text);
    check_all_pairs(text, std::size_t{1} << facts(format).code_bits, false);  // to +0
  }
}

TEST_CASE("a fused multiply-accumulate of all triples of 4 and 6 bits equals MPFR's") {
  for (const char* text : {"e3m2fin", "e2m3fin", "e2m1fin", "e3m2", "e2m1"}) {
    check_all_pairs(text, 1, false);
  }
}

TEST_CASE("a fused multiply-accumulate of all pairs of 8 bits onto every 37th number is MPFR's") {
  for (const char* text : {"e4m3fn", "e5m2"}) check_all_pairs(text, 37, false);
}

}  // namespace
}  // namespace mantissa
