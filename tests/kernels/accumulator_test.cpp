// Every accumulator against the scalar chain, bit for bit.

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "chain_reference.h"
#include "kernels/convolution.h"
#include "kernels/matmul.h"
#include "kernels/microkernel.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

using test::members;
using test::Values;

void check_chain(const std::string& spelling, Values values, const std::string& operands,
                 std::int64_t depth = 83) {
  constexpr std::int64_t kRows = 11;
  constexpr std::int64_t kColumns = 53;
  const Mac mac = parse_mac(spelling);
  CAPTURE(spelling);
  CAPTURE(operands);
  CAPTURE(static_cast<int>(values));
  const std::vector<float> a = members(kRows * depth, values, operands, {1});
  const std::vector<float> b = members(depth * kColumns, values, operands, {2});
  const MatrixView left{a.data(), kRows, depth, depth, 1};
  const MatrixView right{b.data(), depth, kColumns, kColumns, 1};
  std::vector<float> c(kRows * kColumns);
  matmul(left, right, c.data(), kColumns, mac, {5}, {}, 77);
  test::check_same_bits(c, test::reference_matmul(left, right, mac, {5}, {}, 77));
}

constexpr Values kAllValues[] = {Values::normal, Values::coarse, Values::adversarial,
                                 Values::special};

TEST_CASE("every accumulator gives the bits of the scalar chain on every instruction set") {
  const char* const macs[] = {
      "fp32",   "e5m10",   "e8m7",    "e6m9",     "e4m3",       "e5m2",  "e8m10",
      "e4m3fn", "e5m2sat", "e3m2fin", "e4m3fnuz", "e5m10nosub", "e7m22", "e5m21",
      "e8m22",  "e2m1",    "e8m0",    "q8.8",     "q4.12",      "q12.4", "q1.23",
  };
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const char* mac : macs) {
      for (const Values values : kAllValues) {
        for (const char* operands : {"e4m3fn", "e5m2", "fp16", "bf16", "fp32"}) {
          check_chain(mac, values, operands, 29);
        }
      }
    }
  });
}

TEST_CASE("every rounding of the accumulator gives the bits of the scalar chain") {
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const char* format :
         {"e5m10", "e8m7", "e4m3fn", "e4m3fnuz", "e5m10nosub", "q6.10", "e8m23"}) {
      for (const char* rounding : {"rna", "rtz", "rup", "rdn", "ro", "sr", "sr8", "sr1"}) {
        for (const Values values : kAllValues) {
          const std::string mac = std::string(format) + "/" + rounding;
          check_chain(mac, values, "e5m2", 21);
          check_chain(mac, values, "fp32", 21);
        }
      }
    }
  });
}

TEST_CASE(
    "posit accumulators give the bits of the scalar chain, from the smallest to the largest") {
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const char* mac : {"posit16", "posit8", "posit16es1", "posit16es0", "posit8es0",
                            "posit8es1", "posit7es3", "posit5es1", "posit4es2", "posit3es0",
                            "posit2es1", "posit11es2", "posit20", "posit24es1", "posit15es3"}) {
      for (const Values values : kAllValues) {
        for (const char* operands :
             {"posit8", "posit8es0", "posit16es1", "e4m3fn", "fp16", "fp32"}) {
          check_chain(mac, values, operands, 29);
        }
      }
      check_chain(std::string(mac) + " product=posit8", Values::adversarial, "posit8", 29);
      check_chain(std::string(mac) + " product=posit16es1", Values::normal, "e4m3fn", 29);
      check_chain(std::string(mac) + "/chunk8:posit16", Values::special, "posit8", 29);
    }
  });
}

TEST_CASE(
    "tapered accumulators give the bits of the scalar chain where exponents leave the table") {
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const char* mac : {"posit16", "posit16es1", "posit12es1", "takumlin16", "unum2_3",
                            "posit16 product=posit16es1", "takumlin16 product=unum2_4",
                            "posit16/chunk8:takumlin16"}) {
      for (const Values values : kAllValues) {
        for (const char* operands : {"q2.4", "e4m3fn", "posit8"}) {
          check_chain(mac, values, operands, 29);
        }
      }
    }
  });
}

TEST_CASE("takum, logarithmic and unum accumulators give the bits of the scalar chain") {
  for (const char* mac : {"takum8", "takum16", "takumlin12", "lns4.3", "lns5.10/rtz", "unum2_2",
                          "takum16/sr", "lns4.3 product=lns4.3", "takum12/chunk8:takum16",
                          "kahan:takum16", "pairwise:unum2_3", "exact:lns5.10"}) {
    for (const Values values : kAllValues) {
      for (const char* operands : {"takum8", "takumlin16", "lns4.3", "unum1_2", "fp32"}) {
        check_chain(mac, values, operands, 13);
      }
    }
  }
}

TEST_CASE("every tie between posits goes to the even code in an accumulator") {
  // 1 * x + 0 for x in the middle of each two posits of 8 bits, which are posits of 9 bits, and
  // next to it.
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const int exponent_bits : {0, 1, 2, 3}) {
      const std::string ending = "es" + std::to_string(exponent_bits);
      const Format fine = parse_format("posit9" + ending);
      const Mac mac = parse_mac("posit8" + ending);
      std::vector<float> values;
      for (std::uint32_t code = 0; code < 512; ++code) {
        const auto value = static_cast<float>(decode(fine, code));
        if (std::isnan(value)) continue;
        values.push_back(value);
        values.push_back(std::nextafterf(value, 1e30F));
        values.push_back(std::nextafterf(value, -1e30F));
      }
      const auto columns = static_cast<std::int64_t>(values.size());
      const float one = 1;
      const MatrixView left{&one, 1, 1, 1, 1};
      const MatrixView right{values.data(), 1, columns, columns, 1};
      std::vector<float> c(values.size());
      matmul(left, right, c.data(), columns, mac, {});
      test::check_same_bits(c, test::reference_matmul(left, right, mac, {}, {}));
    }
  });
}

TEST_CASE("rounded products give the bits of the scalar chain") {
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const char* accumulator : {"fp32", "e5m10", "e8m7", "e6m14", "e5m10/sr", "q8.8/rtz"}) {
      for (const char* product : {"e5m7", "e8m7", "fp32", "e5m12", "e4m3fn", "e5m7/sr4", "e5m7/rdn",
                                  "q6.6", "e8m23/ro"}) {
        for (const Values values : kAllValues) {
          const std::string mac = std::string(accumulator) + " product=" + product;
          check_chain(mac, values, "e4m3fn", 23);
          check_chain(mac, values, "fp32", 23);
        }
      }
    }
  });
}

TEST_CASE("chunks are summed from +0 and their sums are added in order") {
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const char* mac :
         {"e5m10/chunk8", "e5m10/chunk64", "fp32/chunk5", "e5m10/chunk7:fp32", "fp32/chunk16:e5m10",
          "e8m7/chunk16", "e5m10/sr/chunk10", "e5m10/chunk9:e6m9/sr", "q8.8/chunk4:q12.4/rtz",
          "e6m9/chunk1", "e6m9/chunk100", "e5m10/chunk16 product=e5m7"}) {
      for (const Values values : kAllValues) {
        check_chain(mac, values, "e4m3fn");
        check_chain(mac, values, "fp32");
      }
    }
  });
}

TEST_CASE("long chains continue from block to block of the reduction") {
  for (const char* mac :
       {"e5m10", "e8m7", "e5m10/sr", "e5m10/chunk50", "q8.8/rup", "e5m10 product=e5m7"}) {
    check_chain(mac, Values::coarse, "e4m3fn", 1027);
    check_chain(mac, Values::normal, "fp16", 515);
  }
}

}  // namespace
}  // namespace mantissa
