// Operands of few bits, several products an instruction, against the scalar chain.

#include "kernels/narrow_panels.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "chain_reference.h"
#include "kernels/matmul.h"
#include "kernels/microkernel_facts.h"

namespace mantissa {
namespace {

using test::members;
using test::Values;

struct Operands {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t depth;
  std::vector<float> left;
  std::vector<float> right;

  float& left_at(std::int64_t row, std::int64_t k) {
    return left[static_cast<std::size_t>(row * depth + k)];
  }
  float& right_at(std::int64_t k, std::int64_t column) {
    return right[static_cast<std::size_t>(k * columns + column)];
  }
};

Operands draw(std::int64_t rows, std::int64_t columns, std::int64_t depth, Values values,
              const std::string& format) {
  return {rows, columns, depth, members(rows * depth, values, format, {1}),
          members(depth * columns, values, format, {2})};
}

/// Also with the right operand transposed, whose panels are packed before they are made narrow.
void check(const Operands& operands, const Mac& mac = {}) {
  CAPTURE(operands.rows);
  CAPTURE(operands.columns);
  CAPTURE(operands.depth);
  const auto [rows, columns, depth, left, right] = operands;
  const MatrixView a{left.data(), rows, depth, depth, 1};
  const MatrixView b{right.data(), depth, columns, columns, 1};
  const std::vector<float> expected = test::reference_matmul(a, b, mac, {}, {});
  std::vector<float> c(expected.size(), 99.0F);
  matmul(a, b, c.data(), columns, mac);
  test::check_same_bits(c, expected);
  std::vector<float> transposed;
  for (std::int64_t column = 0; column < columns; ++column) {
    for (std::int64_t k = 0; k < depth; ++k) {
      transposed.push_back(right[static_cast<std::size_t>(k * columns + column)]);
    }
  }
  matmul(a, {transposed.data(), depth, columns, 1, depth}, c.data(), columns, mac);
  test::check_same_bits(c, expected);
}

PairFacts facts_of(const std::vector<float>& values) {
  std::vector<float> pairs(2 * kTileRows);
  std::vector<float> panel(2 * kTileRows);
  std::copy(values.begin(), values.end(), panel.begin());
  return pack_pairs(panel.data(), {2, kTileRows, kTileRows, kTileRows}, pairs.data());
}

TEST_CASE("operands of at most 8 bits give the binary32 chain, whatever their values and sizes") {
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    for (const char* format : {"bf16", "e4m3fn", "e5m2", "e2m1fin", "posit8es1", "q4.4"}) {
      CAPTURE(format);
      for (const Values values :
           {Values::normal, Values::coarse, Values::adversarial, Values::special}) {
        CAPTURE(static_cast<int>(values));
        for (const std::int64_t depth : {1, 2, 3, 29, 257, 518}) {
          check(draw(11, 53, depth, values, format));
        }
      }
    }
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 8, 64}) {
      for (const std::int64_t columns : {1, 15, 17, 33, 48, 97}) {
        check(draw(rows, columns, 7, Values::normal, "bf16"));
      }
    }
  });
}

TEST_CASE("a chain goes on in binary32 behind the first values that are too wide or too small") {
  for (const float odd :
       {0x1.01p0F, 0x1p-100F, 0x1.8p-130F, 0x1.fep127F, std::bit_cast<float>(0x7F80'0001U)}) {
    CAPTURE(odd);
    for (const std::int64_t at : {0, 255, 256, 300, 700}) {
      CAPTURE(at);
      Operands right = draw(3, 60, 770, Values::normal, "bf16");
      right.right_at(at, 50) = odd;
      right.right_at(769, 50) = -odd;
      check(right);
      Operands left = draw(3, 60, 770, Values::normal, "bf16");
      left.left_at(2, at) = odd;
      check(left);
    }
  }
}

TEST_CASE("sums that a subnormal number has entered are not continued in pairs") {
  // The first block leaves 2^-130 in the sums; the second, of products that are multiples of
  // 2^-120, cancels it down to a subnormal number.
  Operands operands = draw(1, 50, 600, Values::exact, "bf16");
  std::fill(operands.left.begin(), operands.left.end(), 0.0F);
  std::fill(operands.right.begin(), operands.right.end(), 0.0F);
  operands.left_at(0, 0) = 0x1p-65F;
  operands.right_at(0, 0) = 0x1p-65F;
  operands.left_at(0, 1) = 0x1p-60F;
  operands.right_at(1, 0) = 0x1p-60F;
  operands.left_at(0, 400) = -0x1p-60F;
  operands.right_at(400, 0) = 0x1p-60F;
  check(operands);
}

TEST_CASE("chunks are summed in pairs and rounded between them") {
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    for (const char* mac :
         {"fp32/chunk16:e5m10", "fp32/chunk2:e8m7", "fp32/chunk6:e4m3fn", "fp32/chunk16:fp32",
          "fp32/chunk300:e5m10", "fp32/chunk7:e5m10", "fp32/chunk32:q12.8", "fp32/chunk16:posit16",
          "fp32/chunk16:e5m7/sr", "e5m10/chunk16", "e6m9/chunk4 product=e8m23"}) {
      CAPTURE(mac);
      for (const Values values : {Values::normal, Values::coarse, Values::special}) {
        for (const std::int64_t depth : {1, 15, 16, 17, 33}) {
          check(draw(11, 53, depth, values, "e4m3fn"), parse_mac(mac));
        }
      }
      check(draw(2, 50, 515, Values::normal, "bf16"), parse_mac(mac));
      check(draw(2, 50, 515, Values::exact, "e5m2"), parse_mac(mac));
    }
  });
}

TEST_CASE("pairs are used where the CPU has their instruction, and for what fits them only") {
  if (!has_bfloat16_dot()) {
    std::puts("no dot product of bfloat16 pairs on this CPU: the binary32 kernel serves alone");
    CHECK_FALSE(prepare({}, {}, {}, {}, 10).takes_pairs());
    return;
  }
  CHECK(prepare({}, {}, {}, {}, 10).takes_pairs());
  CHECK_FALSE(prepare(parse_mac("e5m10"), {}, {}, {}, 10).takes_pairs());
  const PairFacts ones = facts_of({1.0F, -1.9921875F, 0.0F, -0.0F, 4.0F});
  CHECK(ones.fits);
  CHECK(ones.lowest == 127);
  CHECK(ones.multiply_exactly(ones));
  CHECK_FALSE(facts_of({0x1.01p0F}).fits);
  CHECK_FALSE(facts_of({std::bit_cast<float>(0x7F80'0001U)}).fits);
  CHECK(facts_of({0.0F, -0.0F}).multiply_exactly(ones));
  // The last places of 2^-56 and its like multiply to 2^-126, the smallest normal number.
  const PairFacts small = facts_of({-0x1p-56F, 1.0F});
  CHECK(small.multiply_exactly(small));
  const PairFacts smaller = facts_of({1.0F, 0x1p-57F});
  CHECK_FALSE(smaller.multiply_exactly(small));
  CHECK_FALSE(facts_of({0x1p-127F}).multiply_exactly(facts_of({0x1p100F})));
}

TEST_CASE("a pair holds the earlier product in its upper half") {
  if (!has_bfloat16_dot()) return;
  float panel[3 * kTileRows] = {};
  for (int i = 0; i < 3 * kTileRows; ++i) panel[i] = static_cast<float>(i + 1);
  float pairs[2 * kTileRows];
  pack_pairs(panel, {3, 5, kTileRows, kTileRows}, pairs);
  for (int item = 0; item < kTileRows; ++item) {
    const auto upper = [&](int k) {
      return item < 5 ? std::bit_cast<std::uint32_t>(panel[k * kTileRows + item]) : 0U;
    };
    CHECK(std::bit_cast<std::uint32_t>(pairs[item]) == (upper(0) | upper(1) >> 16));
    CHECK(std::bit_cast<std::uint32_t>(pairs[kTileRows + item]) == upper(2));
  }
}

TEST_CASE("sums of small integers are the sums of the chain, whatever holds them exactly") {
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    for (const char* mac : {"fp32", "exact", "exact:e5m10", "exact:e4m3fn/sr", "exact:e5m2/rdn",
                            "e8m23/rtz", "e8m23/sr", "e8m23/rdn", "q12.8", "q15.8/sr", "e6m14",
                            "e5m10", "e8m15nosub/ro", "fp32/chunk7", "posit16"}) {
      CAPTURE(mac);
      for (const char* format : {"q4.4", "q1.7", "q8.0"}) {
        CAPTURE(format);
        for (const Values values : {Values::normal, Values::coarse, Values::special}) {
          for (const std::int64_t depth : {1, 4, 7, 34}) {
            check(draw(11, 53, depth, values, format), parse_mac(mac));
          }
        }
        check(draw(2, 49, 259, Values::coarse, format), parse_mac(mac));
      }
    }
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 8, 64}) {
      for (const std::int64_t columns : {1, 15, 17, 33, 48, 97}) {
        check(draw(rows, columns, 7, Values::normal, "q4.4"));
      }
    }
  });
}

TEST_CASE(
    "integers give way to binary32 where a sum may be too large for it, or a value does not fit") {
  for (const char* mac : {"fp32", "exact", "exact:e5m10"}) {
    CAPTURE(mac);
    Operands full = draw(3, 60, 1300, Values::exact, "q8.0");
    std::fill(full.left.begin(), full.left.end(), 127.0F);
    std::fill(full.right.begin(), full.right.end(), -127.0F);
    check(full, parse_mac(mac));
    std::fill(full.left.begin(), full.left.end(), -128.0F);
    std::fill(full.right.begin(), full.right.end(), -128.0F);
    check(full, parse_mac(mac));
    for (const float odd :
         {128.0F, -129.0F, 0.5F, 0x1p30F, 0x1p-120F, std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::quiet_NaN()}) {
      CAPTURE(odd);
      for (const std::int64_t at : {0, 256, 700}) {
        CAPTURE(at);
        Operands right = draw(3, 60, 770, Values::exact, "q8.0");
        right.right_at(at, 50) = odd;
        check(right, parse_mac(mac));
        Operands left = draw(3, 60, 770, Values::exact, "q8.0");
        left.left_at(2, at) = odd;
        check(left, parse_mac(mac));
      }
    }
  }
}

TEST_CASE("integers stand for a sum only up to what it holds exactly") {
  const auto most = [](const char* mac, int quantum) {
    return exact_integers(parse_mac(mac), quantum);
  };
  CHECK(most("fp32", 0) == 1 << 24);
  CHECK(most("fp32", -149) == 1 << 24);
  CHECK(most("fp32", -150) == 0);
  CHECK(most("fp32", 104) == 0);
  CHECK(most("e5m10", -24) == 1 << 11);
  CHECK(most("e5m10", -25) == 0);
  CHECK(most("e5m10nosub", -24) == 0);
  CHECK(most("e5m10", 6) == 65504 / 64);
  CHECK(most("e5m10/sr", 0) == 1 << 11);
  CHECK(most("e5m10/rdn", 0) == 0);
  CHECK(most("q12.8", -8) == (1 << 19) - 1);
  CHECK(most("q12.8", 0) == 2047);
  CHECK(most("q12.8", -9) == 0);
  CHECK(most("exact:e4m3fn/rdn", 0) == 1 << 24);
  CHECK(most("fp32 product=e5m7", 0) == 0);
  CHECK(most("fp32/chunk8", 0) == 0);
  CHECK(most("kahan:fp32", 0) == 0);
  CHECK(most("posit16", 0) == 0);
}

TEST_CASE("a quantum is that of values of at most 8 bits") {
  const auto quantum = [](std::vector<float> values) {
    return quantum_of(measure_facts(values.data(), static_cast<std::int64_t>(values.size())));
  };
  CHECK(quantum({1.0F, -0.25F, 0.0F}) == -2);
  CHECK(quantum({-128.0F, 1.0F}) == 0);
  CHECK_FALSE(quantum({129.0F, 1.0F}).has_value());
  CHECK_FALSE(quantum({1.0F, std::numeric_limits<float>::infinity()}).has_value());
  CHECK_FALSE(quantum({0x1p100F}).has_value());
  CHECK(quantum({0.0F}) == 0);
}

}  // namespace
}  // namespace mantissa
