// Sums that are no chains, and inexact multipliers, against the scalar reference, bit for bit.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "chain_reference.h"
#include "kernels/convolution.h"
#include "kernels/dot_product.h"
#include "kernels/matmul.h"
#include "kernels/microkernel.h"
#include "kernels/packing.h"
#include "numeric/dot.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

using test::members;
using test::Values;

constexpr Values kAllValues[] = {Values::exact, Values::normal, Values::coarse, Values::adversarial,
                                 Values::special};

void check_product(const std::string& spelling, Values values, const std::string& operands,
                   std::int64_t depth, std::int64_t rows = 11, std::int64_t columns = 53) {
  const Mac mac = parse_mac(spelling);
  CAPTURE(spelling);
  CAPTURE(operands);
  CAPTURE(static_cast<int>(values));
  const std::vector<float> a = members(rows * depth, values, operands, {1});
  const std::vector<float> b = members(depth * columns, values, operands, {2});
  const MatrixView left{a.data(), rows, depth, depth, 1};
  const MatrixView right{b.data(), depth, columns, columns, 1};
  std::vector<float> c(static_cast<std::size_t>(rows * columns));
  matmul(left, right, c.data(), columns, mac, {5}, {}, 77);
  test::check_same_bits(c, test::reference_matmul(left, right, mac, {5}, {}, 77));
}

const char* const kSums[] = {
    "exact",
    "exact:e5m10",
    "exact:e8m7/rdn",
    "exact:q8.8/sr",
    "exact:e4m3fn/ro product=e5m7",
    "exact/chunk7:fp32",
    "exact:e5m10/sr8/chunk16:e6m9",
    "kahan",
    "kahan:e5m10",
    "kahan:e8m7/rtz",
    "kahan:e8m7",
    "kahan:e4m3fn",
    "kahan:e5m3sat/chunk11:e8m7",
    "kahan:e2m1",
    "kahan:e4m3fnuz",
    "kahan:e5m10/sr/chunk9",
    "kahan:e6m9 product=e5m7/sr",
    "kahan:q8.8",
    "pairwise",
    "pairwise:e5m10",
    "pairwise:e5m7/sr product=e4m3fn/sr4",
    "pairwise:e8m7/rdn/chunk16:fp32",
    "pairwise:e5m10/chunk5",
    "aligned23x4:e8m23/rtz operands=e5m10",
    "h100-bf16",
    "h100-fp8",
    "aligned13x32:e8m13/rtz operands=e4m3fn,e5m2",
    "aligned10x3rne:e5m10/sr",
    "aligned7x5rdn:e5m10/chunk10:fp32 product=e5m7",
    "aligned24x8",
    "exact:posit16es1",
    "kahan:posit8es1",
    "pairwise:posit12es2/chunk6",
};

TEST_CASE("every sum gives the bits of the scalar reference on every instruction set") {
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    for (const char* mac : kSums) {
      for (const Values values : kAllValues) {
        for (const char* operands : {"e4m3fn", "fp16", "bf16", "fp32"}) {
          check_product(mac, values, operands, 29);
        }
      }
    }
  });
}

TEST_CASE("inexact multipliers give the bits of the scalar reference in every sum") {
  for (const char* mac :
       {"e5m10 multiplier=mitchell", "fp32 multiplier=truncated4 operands=e4m3fn",
        "exact multiplier=drum3 operands=e5m2,fp16", "kahan:e5m10 multiplier=truncated20",
        "pairwise:e6m9/sr multiplier=drum6 operands=bf16", "h100-e4m3 multiplier=mitchell",
        "q8.8 multiplier=truncated5 operands=q4.4",
        "e5m10/sr/chunk8 product=e5m7 multiplier=mitchell operands=q2.6"}) {
    for (const Values values : kAllValues) {
      for (const char* operands : {"e4m3fn", "fp16", "q4.4"})
        check_product(mac, values, operands, 21);
    }
  }
}

TEST_CASE("sums continue from block to block of the reduction") {
  for (const char* mac :
       {"exact:e5m10", "kahan:e5m10", "pairwise:e5m10", "pairwise:e8m7/sr", "h100-fp16", "h100-fp8",
        "aligned12x7:e5m10/sr", "exact:e5m10/sr", "aligned12x24:e5m10/chunk48:fp32",
        "pairwise:e5m10/chunk50:fp32", "exact/chunk300:e6m9"}) {
    check_product(mac, Values::coarse, "e4m3fn", 1027, 3, 5);
    check_product(mac, Values::normal, "fp16", 515, 3, 5);
    check_product(mac, Values::adversarial, "fp32", 512, 3, 5);
  }
}

/// Operands of a given spread of magnitudes, so that exact sums take one word, two, three or four.
TEST_CASE("exact sums have the bits of the reference whatever their products' range") {
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    for (const int spread : {4, 20, 40, 60, 75, 90, 120}) {
      CAPTURE(spread);
      for (const char* spelling : {"exact", "exact:e5m10", "exact:e8m7/rdn", "exact:e8m23/sr"}) {
        CAPTURE(std::string(spelling));
        const Mac mac = parse_mac(spelling);
        constexpr std::int64_t kRows = 9;
        constexpr std::int64_t kDepth = 301;
        constexpr std::int64_t kColumns = 21;
        RandomSequence random({static_cast<std::uint64_t>(spread)});
        const auto draw = [&](std::int64_t count) {
          std::vector<float> values;
          for (std::int64_t i = 0; i < count; ++i) {
            const auto size = static_cast<int>(random.below(static_cast<std::uint32_t>(spread)));
            const float sign = random.below(2) == 0 ? 1.0F : -1.0F;
            const auto bits = static_cast<float>(random.uniform());
            values.push_back(sign * std::ldexp(1 + bits, size - spread / 2));
          }
          return values;
        };
        std::vector<float> a = draw(kRows * kDepth);
        std::vector<float> b = draw(kDepth * kColumns);
        // The second half takes the first back, but for the last product.
        for (std::int64_t row = 0; row < kRows; ++row) {
          for (std::int64_t k = 0; k < kDepth / 2; ++k) {
            a[static_cast<std::size_t>(row * kDepth + kDepth / 2 + k)] =
                -a[static_cast<std::size_t>(row * kDepth + k)];
          }
        }
        std::copy_n(b.begin(), kDepth / 2 * kColumns, b.begin() + kDepth / 2 * kColumns);
        const MatrixView left{a.data(), kRows, kDepth, kDepth, 1};
        const MatrixView right{b.data(), kDepth, kColumns, kColumns, 1};
        std::vector<float> c(kRows * kColumns);
        matmul(left, right, c.data(), kColumns, mac, {5});
        test::check_same_bits(c, test::reference_matmul(left, right, mac, {5}, {}));
      }
    }
  });
}

/// The sums of a tile whose products come in pieces that end at `ends`.
std::vector<float> in_pieces(const PreparedMac& prepared, const std::vector<float>& left,
                             const std::vector<float>& right, const std::vector<std::int64_t>& ends,
                             const WordPositions& words) {
  std::vector<float> state(static_cast<std::size_t>(prepared.state_size()));
  Tile tile;
  tile.columns = tile_columns();
  tile.sums = state.data();
  if (prepared.stochastic) tile.words = &words;
  for (const std::int64_t end : ends) {
    tile.left = left.data() + tile.first_k * kTileRows;
    tile.right = right.data() + tile.first_k * tile_columns();
    tile.depth = end - tile.first_k;
    prepared.accumulate(tile, ends.back());
    tile.first_k = end;
  }
  const float* result = prepared.result(tile);
  return {result, result + std::int64_t{kTileRows} * tile_columns()};
}

TEST_CASE("no sum depends on where the reduction is cut") {
  static constexpr std::int64_t kDepth = 131;
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    const std::vector<float> left = members(kDepth * kTileRows, Values::coarse, "e5m2", {1});
    const std::vector<float> right = members(kDepth * tile_columns(), Values::coarse, "e5m2", {2});
    std::vector<std::uint64_t> columns;
    for (int i = 0; i < tile_columns(); ++i) columns.push_back(static_cast<std::uint64_t>(i) * 977);
    WordPositions words;
    words.columns = columns.data();
    const OperandFacts left_facts = measure_facts(left.data(), kDepth * kTileRows);
    const OperandFacts right_facts = measure_facts(right.data(), kDepth * tile_columns());
    RandomSequence random({3});
    for (const char* spelling : kSums) {
      CAPTURE(std::string(spelling));
      const PreparedMac prepared =
          prepare(parse_mac(spelling), {4}, left_facts, right_facts, kDepth);
      const std::vector<float> whole = in_pieces(prepared, left, right, {kDepth}, words);
      for (int trial = 0; trial < 4; ++trial) {
        std::vector<std::int64_t> ends;
        for (std::int64_t k = 0; k < kDepth;) {
          k = std::min<std::int64_t>(k + prepared.block * (1 + random.below(40)), kDepth);
          ends.push_back(k);
        }
        test::check_same_bits(in_pieces(prepared, left, right, ends, words), whole);
      }
    }
  });
}

ConvolutionShape shape_of(std::int64_t batch, std::int64_t in, std::int64_t size, std::int64_t out,
                          std::int64_t stride, std::int64_t groups) {
  ConvolutionShape shape;
  shape.batch = batch;
  shape.in_channels = in;
  shape.out_channels = out;
  shape.groups = groups;
  for (WindowAxis* axis : {&shape.vertical, &shape.horizontal}) {
    axis->in = size;
    axis->kernel = 3;
    axis->stride = stride;
    axis->pad_begin = 1;
    axis->out = (size + 2 - 3) / stride + 1;
  }
  return shape;
}

TEST_CASE("the three products of a convolution are summed as the mac says") {
  const ConvolutionShape shapes[] = {shape_of(2, 3, 8, 4, 1, 1), shape_of(2, 6, 9, 4, 2, 2),
                                     shape_of(3, 51, 11, 51, 1, 51), shape_of(2, 5, 9, 5, 2, 5),
                                     shape_of(1, 3, 7, 2, 2, 1)};
  for (const char* spelling :
       {"exact:e5m10", "exact:e6m9/sr", "kahan:e5m10", "pairwise:e5m10/sr", "h100-fp16",
        "aligned11x5:e5m10", "aligned11x6:e5m10/chunk12", "exact/chunk5:e5m10",
        "e5m10 multiplier=truncated3 operands=e5m2", "kahan:e8m7/chunk30:fp32"}) {
    CAPTURE(std::string(spelling));
    const Mac mac = parse_mac(spelling);
    for (const ConvolutionShape& shape : shapes) {
      for (const Values values : {Values::coarse, Values::special}) {
        const std::vector<float> x = test::draw_values(shape.in_elements(), values, {1});
        const std::vector<float> weight = test::draw_values(shape.weight_elements(), values, {2});
        const std::vector<float> grad_y = test::draw_values(shape.out_elements(), values, {3});
        std::vector<float> y(grad_y.size());
        convolution_forward(shape, x.data(), weight.data(), y.data(), mac, {5});
        test::check_same_bits(y, test::reference_forward(shape, x, weight, mac, {5}));
        std::vector<float> grad_x(x.size());
        convolution_backward_data(shape, grad_y.data(), weight.data(), grad_x.data(), mac, {6});
        test::check_same_bits(grad_x,
                              test::reference_backward_data(shape, grad_y, weight, mac, {6}));
        std::vector<float> grad_weight(weight.size());
        convolution_backward_weight(shape, x.data(), grad_y.data(), grad_weight.data(), mac, {7});
        test::check_same_bits(grad_weight,
                              test::reference_backward_weight(shape, x, grad_y, mac, {7}));
      }
    }
  }
}

TEST_CASE("a product of depth 0 is +0 in every sum") {
  for (const char* mac : kSums) {
    CAPTURE(std::string(mac));
    std::vector<float> c(6, 99.0F);
    matmul({nullptr, 2, 0, 0, 1}, {nullptr, 0, 3, 3, 1}, c.data(), 3, parse_mac(mac));
    test::check_same_bits(c, std::vector<float>(6, 0.0F));
  }
}

TEST_CASE("one dot product from any start has the bits of the reference on every instruction set") {
  std::vector<std::string> macs(std::begin(kSums), std::end(kSums));
  for (const char* chain : {"fp32", "e5m10", "e8m7", "e4m3fnuz/sr", "q8.8", "e5m10/chunk5:fp32",
                            "e6m9 product=e5m7", "e5m10/rdn", "e5m10sat/sr8"}) {
    macs.emplace_back(chain);
  }
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const std::string& spelling : macs) {
      CAPTURE(spelling);
      const Mac mac = parse_mac(spelling);
      for (const Values values : kAllValues) {
        for (const std::int64_t depth : {0, 1, 2, 7, 33, 300}) {
          CAPTURE(depth);
          const std::vector<float> a = members(depth, values, "e5m2", {1});
          const std::vector<float> b = members(depth, values, "e4m3fn", {2});
          std::vector<float> starts = test::draw_values(3, values, {3});
          starts.insert(starts.end(), {0.0F, -0.0F, 0x1.234568p-3F, -0x1p-149F, 0x1.8p127F,
                                       std::numeric_limits<float>::infinity()});
          for (const float start : starts) {
            CAPTURE(start);
            const float found = dot_product(start, a, b, mac, {9}, 12345);
            const auto expected = static_cast<float>(dot(start, a, b, mac, {9}, 12345));
            test::check_same_bits(std::vector<float>{found}, std::vector<float>{expected});
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace mantissa
