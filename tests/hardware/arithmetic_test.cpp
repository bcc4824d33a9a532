#include "hardware/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <doctest/doctest.h>

#include "fake_network.h"
#include "hardware/adder.h"
#include "hardware/converter.h"
#include "hardware/multiplier.h"
#include "support/error.h"

using namespace mantissa;

namespace {

NumberWidth width(const char* format) {
  return number_width(parse_format(format));
}

// Horowitz, ISSCC 2014, 45 nm: the eight figures that every law is anchored at.
ArithmeticAnchors horowitz() {
  return {.int8_add = 0.03,
          .int32_add = 0.1,
          .fp16_add = 0.4,
          .fp32_add = 0.9,
          .int8_multiply = 0.2,
          .int32_multiply = 3.1,
          .fp16_multiply = 1.1,
          .fp32_multiply = 3.7};
}

double mac_pj(const ArithmeticLaw& law, const char* a, const char* b, const char* mac) {
  const MacCost cost = mac_cost(law, {.per_bit = 0.011}, width(a), width(b), parse_mac(mac));
  return cost.multiplier + cost.accumulator;
}

}  // namespace

TEST_CASE("the laws pass through all eight published anchors") {
  const ArithmeticAnchors anchors = horowitz();
  const ArithmeticLaw law = fit_arithmetic(anchors, "test");
  const NumberWidth int8 = width("q8.0");
  const NumberWidth int32 = {.significand_bits = 32, .exponent_bits = 0, .storage_bits = 32};
  const NumberWidth fp16 = width("fp16");
  const NumberWidth fp32 = width("fp32");
  CHECK(int8.significand_bits == 8);
  CHECK(int8.is_integer());
  CHECK(adder_cost(law, int8, int8) == doctest::Approx(anchors.int8_add).epsilon(1e-12));
  CHECK(adder_cost(law, int8, int32) == doctest::Approx(anchors.int32_add).epsilon(1e-12));
  CHECK(adder_cost(law, fp16, fp16) == doctest::Approx(anchors.fp16_add).epsilon(1e-12));
  CHECK(adder_cost(law, fp32, fp32) == doctest::Approx(anchors.fp32_add).epsilon(1e-12));
  CHECK(multiplier_cost(law, int8, int8) == doctest::Approx(anchors.int8_multiply).epsilon(1e-12));
  CHECK(multiplier_cost(law, int32, int32) ==
        doctest::Approx(anchors.int32_multiply).epsilon(1e-12));
  CHECK(multiplier_cost(law, fp16, fp16) == doctest::Approx(anchors.fp16_multiply).epsilon(1e-12));
  CHECK(multiplier_cost(law, fp32, fp32) == doctest::Approx(anchors.fp32_multiply).epsilon(1e-12));
}

TEST_CASE("the anchors alone confirm the shapes: the fitted exponents are near 1 and 2") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  // A product of widths to the power 1, a shifter's w log w to the power 1, an addition at most
  // linear.
  CHECK(law.integer_multiply.exponent == doctest::Approx(1.0).epsilon(0.02));
  CHECK(law.align_sum.exponent == doctest::Approx(1.0).epsilon(0.02));
  CHECK(law.normalise_product.exponent == doctest::Approx(1.0).epsilon(0.05));
  CHECK(law.integer_add.exponent > 0.8);
  CHECK(law.integer_add.exponent <= 1.0);
}

TEST_CASE("formats between the anchors cost what other sources say, as ratios") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const auto multiply = [&](const char* a, const char* b) {
    return multiplier_cost(law, width(a), width(b));
  };
  // bf16 against fp16: synthesis for Nangate 45 nm gives 0.54 to 0.60.
  CHECK(multiply("bf16", "bf16") / multiply("fp16", "fp16") > 0.5);
  CHECK(multiply("bf16", "bf16") / multiply("fp16", "fp16") < 0.7);
  // e4m3 against fp16: 0.18 to 0.22; e5m2 against e4m3: 0.66 to 0.82.
  CHECK(multiply("e4m3", "e4m3") / multiply("fp16", "fp16") > 0.15);
  CHECK(multiply("e4m3", "e4m3") / multiply("fp16", "fp16") < 0.27);
  CHECK(multiply("e5m2", "e5m2") / multiply("e4m3", "e4m3") > 0.6);
  CHECK(multiply("e5m2", "e5m2") / multiply("e4m3", "e4m3") < 0.9);
  // The accumulator decides: an e4m3 product with a binary32 sum spends most of its energy in the
  // adder.
  CHECK(mac_pj(law, "e4m3", "e4m3", "fp32") > 4 * multiply("e4m3", "e4m3"));
  // A binary32 multiply-accumulate is the sum of both published figures, and so is a binary16 one.
  CHECK(mac_pj(law, "fp32", "fp32", "fp32") == doctest::Approx(3.7 + 0.9).epsilon(1e-12));
  CHECK(mac_pj(law, "fp16", "fp16", "fp16") == doctest::Approx(1.1 + 0.4).epsilon(1e-12));
}

TEST_CASE("the shipped machine's units, printed for the manual") {
  const Accelerator accelerator = fake::gemmini();
  const auto print_exponents = [](const char* what, const ArithmeticLaw& law) {
    std::printf(
        "%s exponents: integer add %.3f, integer multiply %.3f, normalise product %.3f, align sum "
        "%.3f\n",
        what, law.integer_add.exponent, law.integer_multiply.exponent,
        law.normalise_product.exponent, law.align_sum.exponent);
  };
  print_exponents("energy", accelerator.energy_pj);
  print_exponents("area", accelerator.area_um2);
  double previous = 0;
  for (const char* format : {"e2m1", "e5m2", "e4m3", "bf16", "fp16", "fp32"}) {
    const NumberWidth w = width(format);
    const double multiply = multiplier_cost(accelerator.energy_pj, w, w);
    std::printf("%s: multiply %.3f pJ, %.0f um2; add %.3f pJ, %.0f um2\n", format, multiply,
                multiplier_cost(accelerator.area_um2, w, w),
                adder_cost(accelerator.energy_pj, w, w), adder_cost(accelerator.area_um2, w, w));
    CHECK(multiply > previous);
    previous = multiply;
  }
}

TEST_CASE("operands may differ: the multiplier is rectangular and takes the wider exponent") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const NumberWidth e4m3 = width("e4m3fn");
  const NumberWidth e5m2 = width("e5m2");
  CHECK(multiplier_cost(law, e4m3, e5m2) == multiplier_cost(law, e5m2, e4m3));
  // 4 x 3 significand bits, exponents of 5: the integer law at 12, two 5-bit additions, a 7-bit
  // normaliser.
  const double by_hand =
      law.integer_multiply(12) + 2 * law.integer_add(5) + law.normalise_product(shifter_size(7));
  CHECK(multiplier_cost(law, e4m3, e5m2) == doctest::Approx(by_hand).epsilon(1e-14));
  // Fixed point beside a float enters as a bare significand.
  CHECK(multiplier_cost(law, width("q4.4"), width("q2.2")) ==
        doctest::Approx(law.integer_multiply(8 * 4)).epsilon(1e-14));
  CHECK(multiplier_cost(law, width("q4.4"), e5m2) >
        multiplier_cost(law, width("q4.4"), width("q2.1")));
}

TEST_CASE("no unit gets cheaper when a width grows") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const auto format = [](int exponent, int fraction) {
    return number_width(parse_format("e" + std::to_string(exponent) + "m" +
                                     std::to_string(fraction) + (exponent == 1 ? "fin" : "")));
  };
  for (int exponent = 1; exponent <= 8; ++exponent) {
    for (int fraction = 1; fraction <= 23; ++fraction) {
      CAPTURE(exponent);
      CAPTURE(fraction);
      const NumberWidth narrow = format(exponent, fraction);
      const NumberWidth other = width("e4m3");
      for (const NumberWidth& wide : {format(std::min(exponent + 1, 8), fraction),
                                      format(exponent, std::min(fraction + 1, 23))}) {
        CHECK(multiplier_cost(law, wide, other) >= multiplier_cost(law, narrow, other));
        CHECK(adder_cost(law, other, wide) >= adder_cost(law, other, narrow));
        CHECK(adder_cost(law, wide, other) >= adder_cost(law, narrow, other));
      }
    }
  }
  for (int bits = 2; bits < 24; ++bits) {
    const NumberWidth narrow = width(("q" + std::to_string(bits) + ".0").c_str());
    const NumberWidth wide = width(("q" + std::to_string(bits + 1) + ".0").c_str());
    CHECK(multiplier_cost(law, wide, wide) > multiplier_cost(law, narrow, narrow));
    CHECK(adder_cost(law, wide, wide) > adder_cost(law, narrow, narrow));
    CHECK(adder_cost(law, width("fp16"), wide) > adder_cost(law, width("fp16"), narrow));
  }
}

TEST_CASE("chunks, product rounding and random bits are small and never free") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const double plain = mac_pj(law, "e4m3", "e4m3", "e6m9");
  // One addition of two e6m9 sums for each 64 products.
  const double outer = adder_cost(law, width("e6m9"), width("e6m9"));
  CHECK(mac_pj(law, "e4m3", "e4m3", "e6m9/chunk64") ==
        doctest::Approx(plain + outer / 64).epsilon(1e-13));
  // sr8 makes 8 random bits (0.011 pJ each) and adds them below the last place.
  const double stochastic = mac_pj(law, "e4m3", "e4m3", "e6m9/sr8");
  CHECK(stochastic == doctest::Approx(plain + 8 * 0.011 + law.integer_add(8)).epsilon(1e-13));
  CHECK(mac_pj(law, "e4m3", "e4m3", "e6m9/sr") > stochastic);
  // A product rounded to something narrower than its operands saves adder width, a wider one costs
  // it.
  CHECK(mac_pj(law, "fp16", "fp16", "e5m4 product=e5m4") < mac_pj(law, "fp16", "fp16", "e5m4"));
  CHECK(mac_pj(law, "e4m3", "e4m3", "e5m4 product=e5m10") > mac_pj(law, "e4m3", "e4m3", "e5m4"));
}

TEST_CASE("a conversion costs nothing between equal formats and less than an addition otherwise") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const RandomBitCost random{.per_bit = 0.011};
  const auto convert = [&](const char* from, const char* to) {
    return converter_cost(law, random, parse_format(from), parse_quantization(to));
  };
  CHECK(convert("e4m3fn", "e4m3fn") == 0);
  CHECK(convert("fp32", "e4m3fn") > 0);
  CHECK(convert("fp32", "e4m3fn") < adder_cost(law, width("fp32"), width("fp32")));
  CHECK(convert("fp32", "e4m3fn/sr8") ==
        doctest::Approx(convert("fp32", "e4m3fn") + 8 * 0.011 + law.integer_add(8)));
  CHECK(convert("q8.8", "q4.4") > 0);
}

TEST_CASE("anchors that contradict the laws are refused with the part at fault") {
  ArithmeticAnchors cheap_wide = horowitz();
  cheap_wide.int32_multiply = 0.1;
  CHECK_THROWS_WITH_AS(
      fit_arithmetic(cheap_wide, "file.json#/arithmetic/energy"),
      "file.json#/arithmetic/energy: an integer multiplication costs 0.2 in the narrow unit and "
      "0.1 in the "
      "wide one; both must be positive and the wide unit must cost more; check the anchors",
      Error);
  ArithmeticAnchors hollow_float = horowitz();
  hollow_float.fp32_multiply = 1.5;  // less than its 24 x 24 bit product by the integer law
  CHECK_THROWS_AS(fit_arithmetic(hollow_float, "x"), Error);
}

TEST_CASE("logarithm, exponential and power agree with the C library to twelve digits") {
  for (double x = 0.001; x < 1e6; x *= 1.37) {
    CHECK(binary_logarithm(x) == doctest::Approx(std::log2(x)).epsilon(1e-13));
    CHECK(binary_exponential(std::log2(x)) == doctest::Approx(x).epsilon(1e-12));
    CHECK(PowerLaw{2.5, 0.73}(x) == doctest::Approx(2.5 * std::pow(x, 0.73)).epsilon(1e-12));
  }
  CHECK(binary_logarithm(8) == 3);
  CHECK(binary_exponential(-4) == 0.0625);
}

TEST_CASE("logarithmic units add where others multiply, and interpolate where others add") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const NumberWidth lns = width("lns5.10");
  CHECK(lns.storage_bits == 17);
  CHECK(lns.logarithm_bits == 15);
  CHECK(width("takum16").logarithm_bits == 20);  // 9 bits of characteristic, 11 of mantissa
  CHECK(width("takum16").storage_bits == 16);
  CHECK_FALSE(width("takumlin16").is_logarithm());
  CHECK(width("takumlin16").significand_bits == 12);
  CHECK(width("unum2_3").significand_bits == 9);
  CHECK(width("unum2_3").exponent_bits == 4);
  CHECK(multiplier_cost(law, lns, lns) == doctest::Approx(law.integer_add(15)));
  // 10 fraction and 3 guard bits by half as many.
  const double function = law.integer_multiply(13 * 7) + law.integer_add(13);
  CHECK(logarithm_function_cost(law, lns) == doctest::Approx(function));
  CHECK(adder_cost(law, lns, lns) == doctest::Approx(2 * law.integer_add(15) + function));
  // Beside a float a logarithm is made a number first.
  NumberWidth number = lns;
  number.logarithm_bits = 0;
  CHECK(multiplier_cost(law, lns, width("fp16")) ==
        doctest::Approx(multiplier_cost(law, number, width("fp16")) + function));
  CHECK(mac_pj(law, "lns5.10", "lns5.10", "fp32") ==
        doctest::Approx(law.integer_add(15) + function + adder_cost(law, number, width("fp32"))));
  CHECK(mac_pj(law, "fp16", "fp16", "lns5.10") > mac_pj(law, "lns5.10", "lns5.10", "lns5.10"));
  // Products are cheap, sums dear.
  CHECK(multiplier_cost(law, lns, lns) < 0.1 * multiplier_cost(law, width("fp16"), width("fp16")));
  CHECK(adder_cost(law, lns, lns) > adder_cost(law, width("fp16"), width("fp16")));
  for (int bits = 0; bits < 20; ++bits) {
    const NumberWidth narrow = width(("lns5." + std::to_string(bits)).c_str());
    const NumberWidth wide = width(("lns5." + std::to_string(bits + 1)).c_str());
    CHECK(adder_cost(law, wide, wide) > adder_cost(law, narrow, narrow));
    CHECK(multiplier_cost(law, wide, wide) > multiplier_cost(law, narrow, narrow));
  }
}

TEST_CASE("a conversion between a logarithm and a number pays for the function") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const auto convert = [&](const char* from, const char* to) {
    return converter_cost(law, {.per_bit = 0.011}, parse_format(from), parse_quantization(to));
  };
  CHECK(convert("lns5.10", "lns5.10") == 0);
  CHECK(convert("fp32", "lns5.10") > logarithm_function_cost(law, width("lns5.10")));
  CHECK(convert("lns5.10", "fp32") == convert("fp32", "lns5.10"));
  CHECK(convert("lns5.10", "lns4.3") < convert("lns5.10", "fp16"));
}

TEST_CASE("sums that do more cost more: compensation four additions, exact sums by their range") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const auto sum = [&](const char* format, const char* mac) {
    return mac_cost(law, {.per_bit = 0.011}, width(format), width(format), parse_mac(mac))
        .accumulator;
  };
  CHECK(sum("fp16", "kahan:fp16") == doctest::Approx(4 * sum("fp16", "fp16")).epsilon(1e-12));
  CHECK(sum("fp16", "pairwise:fp16") == sum("fp16", "fp16"));
  // fp16 reaches from 2^-24 to 2^15: two ranges of 40 bits and 30 bits of carries.
  CHECK(width("fp16").range_bits == 40);
  CHECK(partial_sum_bits(width("fp16"), width("fp16"), parse_mac("exact")) == 110);
  CHECK(sum("fp16", "exact") ==
        doctest::Approx(law.integer_add(110) + law.align_sum(shifter_size(110)) / 2));
  CHECK(sum("e4m3fn", "exact") < sum("fp16", "exact"));
  CHECK(sum("fp16", "exact") < sum("bf16", "exact"));
  // q8.0 times q8.0: seven places each, for the ranges are those of magnitudes.
  CHECK(sum("q8.0", "exact") == doctest::Approx(law.integer_add(7 + 7 + 30)));
  // A matrix unit aligns to few bits and normalises once a block: cheaper than a binary32 addition
  // for each product, dearer the more bits it keeps.
  CHECK(sum("e4m3fn", "h100-e4m3") < sum("e4m3fn", "aligned25x32:e8m23/rtz"));
  CHECK(sum("fp16", "h100-fp16") < sum("fp16", "fp32"));
  CHECK(sum("fp16", "aligned25x2") > sum("fp16", "aligned25x16"));
  CHECK(sum("fp16", "aligned24x4:fp16/sr") > sum("fp16", "aligned24x4:fp16"));
}

TEST_CASE("partial sums are as wide as what they hold") {
  const auto held = [](const char* mac) {
    return partial_sum_bits(width("bf16"), width("bf16"), parse_mac(mac));
  };
  const auto spilled = [](const char* mac) {
    return spilled_sum_bits(width("bf16"), width("bf16"), parse_mac(mac));
  };
  CHECK(held("fp16") == 16);
  CHECK(held("fp16/chunk64:fp32") == 48);
  CHECK(held("kahan:fp16") == 32);
  CHECK(held("pairwise:fp16") == 17 * 16);
  CHECK(held("pairwise:fp16/chunk16:fp32") == 5 * 16 + 32);
  CHECK(spilled("fp16/chunk64:fp32") == 32);
  CHECK(spilled("kahan:fp16") == 32);
  CHECK(spilled("exact/chunk64:fp32") == 32);
  CHECK(spilled("exact") == held("exact"));
}

TEST_CASE("inexact multipliers cost what is left of their array") {
  const ArithmeticLaw law = fit_arithmetic(horowitz(), "test");
  const auto array = [&](const char* format, const char* multiplier) {
    const Format f = parse_format(format);
    return significand_product_cost(law, width(format), width(format),
                                    parse_multiplier(multiplier, f, f));
  };
  CHECK(array("bf16", "exact") == doctest::Approx(law.integer_multiply(64)));
  CHECK(array("bf16", "truncated3") == doctest::Approx(law.integer_multiply(64 - 6)));
  CHECK(array("bf16", "truncated14") == doctest::Approx(law.integer_multiply(1)));
  CHECK(array("bf16", "drum4") == doctest::Approx(law.integer_multiply(16)));
  CHECK(array("bf16", "mitchell") == doctest::Approx(law.integer_add(8)));
  CHECK(array("q8.0", "drum4") > law.integer_multiply(16));
  CHECK(mac_pj(law, "fp16", "fp16", "fp16 multiplier=mitchell operands=fp16") <
        mac_pj(law, "fp16", "fp16", "fp16"));
}
