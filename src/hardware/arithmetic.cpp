#include "hardware/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

// binary16 and binary32: significand with the hidden bit, exponent.
constexpr int kFp16Significand = 11;
constexpr int kFp16Exponent = 5;
constexpr int kFp32Significand = 24;
constexpr int kFp32Exponent = 8;

PowerLaw growing(std::string_view where, std::string_view what, double x1, double y1, double x2,
                 double y2) {
  if (y1 <= 0 || y2 <= y1) {
    throw Error(where,
                std::string(what) + " costs " + shortest_decimal(y1) + " in the narrow unit and " +
                    shortest_decimal(y2) + " in the wide one",
                "both must be positive and the wide unit must cost more; check the anchors");
  }
  return PowerLaw::through(x1, y1, x2, y2);
}

}  // namespace

ArithmeticLaw fit_arithmetic(const ArithmeticAnchors& anchors, std::string_view where) {
  ArithmeticLaw law;
  law.integer_add =
      growing(where, "an integer addition", 8, anchors.int8_add, 32, anchors.int32_add);
  law.integer_multiply = growing(where, "an integer multiplication", 8 * 8, anchors.int8_multiply,
                                 32 * 32, anchors.int32_multiply);
  const auto exponent = [&](int bits) { return 2 * law.integer_add(bits); };
  const auto rest_of_multiply = [&](double anchor, int significand, int exponent_bits) {
    return anchor - law.integer_multiply(significand * significand) - exponent(exponent_bits);
  };
  const auto rest_of_add = [&](double anchor, int significand, int exponent_bits) {
    return anchor - law.integer_add(significand + kGuardBits) - exponent(exponent_bits);
  };
  law.normalise_product =
      growing(where, "what a float multiplication adds to its significand product and exponent sum",
              shifter_size(2 * kFp16Significand),
              rest_of_multiply(anchors.fp16_multiply, kFp16Significand, kFp16Exponent),
              shifter_size(2 * kFp32Significand),
              rest_of_multiply(anchors.fp32_multiply, kFp32Significand, kFp32Exponent));
  law.align_sum = growing(where, "what a float addition adds to its significand and exponent sums",
                          shifter_size(kFp16Significand + kGuardBits),
                          rest_of_add(anchors.fp16_add, kFp16Significand, kFp16Exponent),
                          shifter_size(kFp32Significand + kGuardBits),
                          rest_of_add(anchors.fp32_add, kFp32Significand, kFp32Exponent));
  return law;
}

NumberWidth number_width(const Format& format) {
  const FormatFacts known = facts(format);
  const bool integer = known.exponent_bits == 0;
  const bool logarithmic = known.logarithm_bits > 0;
  return {.significand_bits = integer ? known.significand_bits + 1 : known.significand_bits,
          .exponent_bits = known.exponent_bits,
          .storage_bits = known.storage_bits,
          .range_bits = std::ilogb(known.max_finite) - std::ilogb(known.min_positive) +
                        (logarithmic ? known.significand_bits : 1),
          .logarithm_bits = known.logarithm_bits};
}

double logarithm_function_cost(const ArithmeticLaw& law, const NumberWidth& number) {
  const int bits = number.logarithm_bits - number.exponent_bits + kGuardBits;
  return law.integer_multiply(bits * ((bits + 1) / 2)) + law.integer_add(bits);
}

NumberWidth wider(const NumberWidth& a, const NumberWidth& b) {
  return {.significand_bits = std::max(a.significand_bits, b.significand_bits),
          .exponent_bits = std::max(a.exponent_bits, b.exponent_bits),
          .storage_bits = std::max(a.storage_bits, b.storage_bits),
          .range_bits = std::max(a.range_bits, b.range_bits),
          .logarithm_bits = std::max(a.logarithm_bits, b.logarithm_bits)};
}

}  // namespace mantissa
