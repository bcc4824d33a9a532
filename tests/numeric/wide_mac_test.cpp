// Ten million multiply-accumulates of wide formats against MPFR, a quarter in each of its
// roundings.

#include <string>

#include <doctest/doctest.h>

#include "numeric/mac.h"
#include "numeric/mac_operands.h"
#include "numeric/mpfr_oracle.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr std::uint64_t kDraws = 160'000;  // of each format, twice as many cases
constexpr std::uint64_t kBlock = 1000;

void check_wide(const char* rounding) {
  std::uint64_t cases = 0;
  for (const char* format :
       {"fp32", "fp16", "bf16", "tf32", "e6m9", "e8m22fnuz", "e5m23", "e7m16nosub"}) {
    const Mac mac = parse_mac(std::string(format) + "/" + rounding);
    const RoundingMode mode = mac.accumulator.rounding;
    const MpfrOracle oracle(mac.accumulator.format);
    for (std::uint64_t first = 0; first < kDraws; first += kBlock) {
      for (const Operands& o : drawn_operands(mac.accumulator.format, first, kBlock)) {
        const double expected =
            oracle.fused(static_cast<double>(o.a), static_cast<double>(o.b), o.accumulator, mode);
        const double found = multiply_accumulate(o.accumulator, o.a, o.b, mac);
        ++cases;
        if (same(expected, found)) continue;
        INFO(spelling(mac) << " of " << hex_float(o.accumulator) << " + "
                           << hex_float(static_cast<double>(o.a)) << " * "
                           << hex_float(static_cast<double>(o.b)) << " is " << hex_float(found)
                           << ", MPFR says " << hex_float(expected));
        REQUIRE(same(expected, found));
      }
    }
  }
  CHECK(cases == 8 * 2 * kDraws);
}

TEST_CASE("two and a half million sums of wide formats equal mpfr_fma, to nearest even") {
  check_wide("rne");
}

TEST_CASE("two and a half million sums of wide formats equal mpfr_fma, toward zero") {
  check_wide("rtz");
}

TEST_CASE("two and a half million sums of wide formats equal mpfr_fma, upward") {
  check_wide("rup");
}

TEST_CASE("two and a half million sums of wide formats equal mpfr_fma, downward") {
  check_wide("rdn");
}

}  // namespace
}  // namespace mantissa
