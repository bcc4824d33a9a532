#include "kernels/matmul.h"

#include <string>

#include <doctest/doctest.h>

#include "chain_reference.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

using test::Values;

struct Sizes {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t depth;
};

const Sizes kSizes[] = {{1, 1, 1},    {8, 48, 16},   {9, 49, 17},  {3, 100, 5}, {64, 10, 33},
                        {10, 7, 300}, {17, 65, 257}, {2, 3, 1030}, {33, 1, 64}, {1, 97, 12}};

void check_product(const Sizes& size, const Mac& mac, Values values,
                   const Epilogue& epilogue = {}) {
  CAPTURE(size.rows);
  CAPTURE(size.columns);
  CAPTURE(size.depth);
  const std::vector<float> a = test::draw_values(size.rows * size.depth, values, {1});
  const std::vector<float> b = test::draw_values(size.depth * size.columns, values, {2});
  const MatrixView left{a.data(), size.rows, size.depth, size.depth, 1};
  const MatrixView right{b.data(), size.depth, size.columns, size.columns, 1};
  std::vector<float> c(static_cast<std::size_t>(size.rows * size.columns), 99.0F);
  matmul(left, right, c.data(), size.columns, mac, {7}, epilogue, 1234);
  test::check_same_bits(c, test::reference_matmul(left, right, mac, {7}, epilogue, 1234));
}

TEST_CASE(
    "a binary32 product is the fused chain in increasing k, bit for bit, on every instruction "
    "set") {
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    for (const Sizes& size : kSizes) {
      check_product(size, {}, Values::normal);
      check_product(size, {}, Values::special);
    }
  });
}

TEST_CASE("a product of depth 0 is +0 everywhere, plus the bias") {
  const float bias[] = {1.0F, 2.0F};
  Epilogue epilogue;
  epilogue.row_bias = bias;
  std::vector<float> c(6, 99.0F);
  matmul({nullptr, 2, 0, 0, 1}, {nullptr, 0, 3, 3, 1}, c.data(), 3, {}, {}, epilogue);
  test::check_same_bits(c, std::vector<float>{1, 1, 1, 2, 2, 2});
  matmul({nullptr, 0, 5, 5, 1}, {nullptr, 5, 3, 3, 1}, c.data(), 3, {});
  test::check_same_bits(c, std::vector<float>{1, 1, 1, 2, 2, 2});
}

TEST_CASE("transposed and strided views give the product of the matrices that they show") {
  constexpr std::int64_t kRows = 21;
  constexpr std::int64_t kColumns = 53;
  constexpr std::int64_t kDepth = 40;
  const std::vector<float> a = test::draw_values(kDepth * kRows * 3, Values::normal, {1});
  const std::vector<float> b = test::draw_values(kDepth * kColumns * 2, Values::normal, {2});
  const MatrixView a_views[] = {{a.data(), kRows, kDepth, kDepth, 1},
                                MatrixView{a.data(), kDepth, kRows, kRows, 1}.transposed(),
                                {a.data(), kRows, kDepth, 3 * kDepth, 3},
                                {a.data() + kRows * kDepth - 1, kRows, kDepth, -kDepth, -1}};
  const MatrixView b_views[] = {{b.data(), kDepth, kColumns, kColumns, 1},
                                MatrixView{b.data(), kColumns, kDepth, kDepth, 1}.transposed(),
                                {b.data(), kDepth, kColumns, 2 * kColumns, 2},
                                {b.data(), kDepth, kColumns, 0, 1}};
  for (const MatrixView& left : a_views) {
    for (const MatrixView& right : b_views) {
      std::vector<float> c(kRows * (kColumns + 3), 99.0F);
      matmul(left, right, c.data(), kColumns + 3, {});
      const std::vector<float> expected = test::reference_matmul(left, right, {}, {}, {});
      for (std::size_t row = 0; row < kRows; ++row) {
        test::check_same_bits(std::span(c).subspan(row * (kColumns + 3), kColumns),
                              std::span(expected).subspan(row * kColumns, kColumns));
        CHECK(c[row * (kColumns + 3) + kColumns] == 99.0F);  // the gap between rows is not touched
      }
    }
  }
}

TEST_CASE("biases are added in binary32 and the output format is applied last") {
  const Sizes size{19, 70, 23};
  const std::vector<float> rows = test::draw_values(size.rows, Values::normal, {3});
  const std::vector<float> columns = test::draw_values(size.columns, Values::normal, {4});
  for (const char* output : {"fp32", "e4m3fn", "e5m2/sr", "q4.4/rtz"}) {
    CAPTURE(output);
    Epilogue epilogue;
    epilogue.output = parse_quantization(output);
    epilogue.output_key = {11};
    check_product(size, {}, Values::normal, epilogue);
    epilogue.row_bias = rows.data();
    check_product(size, {}, Values::normal, epilogue);
    epilogue.column_bias = columns.data();
    check_product(size, {}, Values::normal, epilogue);
  }
}

TEST_CASE("a product has the same bits on 1, 2 and 3 threads") {
  const std::vector<float> a = test::draw_values(200 * 300, Values::normal, {1});
  const std::vector<float> b = test::draw_values(300 * 500, Values::normal, {2});
  const MatrixView left{a.data(), 200, 300, 300, 1};
  const MatrixView right{b.data(), 300, 500, 500, 1};
  for (const char* spelling :
       {"fp32", "e5m10/sr", "posit16", "kahan:e5m10", "e6m9/sr product=e5m7/sr"}) {
    CAPTURE(std::string(spelling));
    const Mac mac = parse_mac(spelling);
    std::vector<float> expected(200 * 500);
    with_threads(1, [&] { matmul(left, right, expected.data(), 500, mac, {7}); });
    for (const int threads : {2, 3}) {
      std::vector<float> c(200 * 500);
      with_threads(threads, [&] { matmul(left, right, c.data(), 500, mac, {7}); });
      test::check_same_bits(c, expected);
    }
  }
}

}  // namespace
}  // namespace mantissa
