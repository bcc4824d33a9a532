// Products that are looked up, against the scalar chain.

#include "kernels/product_table.h"

#include <fstream>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "chain_reference.h"
#include "kernels/convolution.h"
#include "kernels/matmul.h"
#include "kernels/microkernel_facts.h"
#include "support/random.h"
#include "support/temporary_folder.h"

namespace mantissa {
namespace {

using test::members;
using test::Values;

/// A signed multiplier of 8 bits that is often wrong by a little, and now and then by much.
std::string table_file(const TemporaryFolder& folder, int largest) {
  const std::string path = (folder.path() / "products.c").string();
  std::ofstream file(path);
  file << "const int16_t products[256][256] = {";
  RandomSequence random({3});
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const int exact = (a < 128 ? a : a - 256) * (b < 128 ? b : b - 256);
      const int error = static_cast<int>(random.below(64)) - 32;
      const bool wild = random.below(100) == 0;
      file << (wild ? (a % 2 == 0 ? largest : -largest) : exact / 32 * 32 + error) << ",";
    }
  }
  file << "};";
  return path;
}

void check(const Mac& mac, std::int64_t rows, std::int64_t columns, std::int64_t depth,
           const std::vector<float>& a, const std::vector<float>& b) {
  CAPTURE(spelling(mac));
  CAPTURE(rows);
  CAPTURE(columns);
  CAPTURE(depth);
  const MatrixView left{a.data(), rows, depth, depth, 1};
  const MatrixView right{b.data(), depth, columns, columns, 1};
  std::vector<float> c(static_cast<std::size_t>(rows * columns), 99.0F);
  matmul(left, right, c.data(), columns, mac);
  test::check_same_bits(c, test::reference_matmul(left, right, mac, {}, {}));
}

TEST_CASE("looked up products give the sums of the scalar chain, of members and of other numbers") {
  const TemporaryFolder folder;
  const std::string table = table_file(folder, 32767);
  test::for_each_target([&](const char* target) {
    CAPTURE(target);
    for (const std::string& mac : {"exact multiplier=table:" + table + " operands=q4.4",
                                   "fp32 multiplier=table:" + table + " operands=q8.0",
                                   "exact multiplier=offset-table:" + table + " operands=q1.7",
                                   std::string("exact multiplier=mitchell operands=q4.4"),
                                   std::string("fp32 multiplier=drum3 operands=q2.6,q3.3"),
                                   std::string("fp32 multiplier=truncated5 operands=q4.2,q8.0"),
                                   std::string("e8m15/sr multiplier=mitchell operands=q2.2"),
                                   std::string("q15.8 multiplier=mitchell operands=q2.2,q4.4"),
                                   std::string("exact:e5m10 multiplier=mitchell operands=q4.4"),
                                   std::string("e5m10 multiplier=mitchell operands=q4.4"),
                                   std::string("exact multiplier=mitchell operands=q5.4")}) {
      for (const Values values : {Values::coarse, Values::normal, Values::special}) {
        for (const std::int64_t depth : {1, 2, 7, 30}) {
          check(parse_mac(mac), 11, 53, depth, members(11 * depth, values, "q4.4", {1}),
                members(depth * 53, values, "q4.4", {2}));
        }
        check(parse_mac(mac), 6, 50, 33, test::draw_values(6 * 33, values, {1}),
              test::draw_values(33 * 50, values, {2}));
      }
    }
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 8}) {
      for (const std::int64_t columns : {1, 16, 33, 48, 97}) {
        check(parse_mac("exact multiplier=table:" + table + " operands=q8.0"), rows, columns, 9,
              members(rows * 9, Values::exact, "q8.0", {1}),
              members(9 * columns, Values::exact, "q8.0", {2}));
      }
    }
  });
}

TEST_CASE("every entry of a table is found") {
  const TemporaryFolder folder;
  const Mac mac =
      parse_mac("exact multiplier=table:" + table_file(folder, 32767) + " operands=q8.0");
  std::vector<float> all(256);
  for (int i = 0; i < 256; ++i) all[static_cast<std::size_t>(i)] = static_cast<float>(i - 128);
  check(mac, 256, 256, 1, all, all);
}

TEST_CASE("long sums of looked up products continue from block to block") {
  const TemporaryFolder folder;
  const std::string table = table_file(folder, 32767);
  for (const char* accumulator : {"exact", "fp32"}) {
    const Mac mac =
        parse_mac(std::string(accumulator) + " multiplier=table:" + table + " operands=q8.0");
    check(mac, 3, 50, 515, members(3 * 515, Values::normal, "q8.0", {1}),
          members(515 * 50, Values::normal, "q8.0", {2}));
    // -128 * -128 and its like, 1300 times: beyond 2^24, where a binary32 chain rounds.
    check(mac, 2, 5, 1301, std::vector<float>(2 * 1301, -128.0F),
          std::vector<float>(1301 * 5, -128.0F));
  }
}

TEST_CASE("a convolution pads with zeros, of which a table may make other products") {
  const TemporaryFolder folder;
  const Mac mac =
      parse_mac("exact multiplier=table:" + table_file(folder, 32767) + " operands=q4.4");
  ConvolutionShape shape;
  shape.batch = 2;
  shape.in_channels = 3;
  shape.out_channels = 5;
  shape.vertical.in = shape.horizontal.in = 6;
  shape.vertical.kernel = shape.horizontal.kernel = 3;
  shape.vertical.pad_begin = shape.horizontal.pad_begin = 1;
  shape.vertical.out = shape.horizontal.out = 6;
  const std::vector<float> x = members(shape.in_elements(), Values::normal, "q4.4", {1});
  const std::vector<float> weight = members(shape.weight_elements(), Values::normal, "q4.4", {2});
  const std::vector<float> grad_y = members(shape.out_elements(), Values::normal, "q4.4", {3});
  std::vector<float> y(grad_y.size());
  convolution_forward(shape, x.data(), weight.data(), y.data(), mac);
  test::check_same_bits(y, test::reference_forward(shape, x, weight, mac, {}));
  std::vector<float> grad_x(x.size());
  convolution_backward_data(shape, grad_y.data(), weight.data(), grad_x.data(), mac);
  test::check_same_bits(grad_x, test::reference_backward_data(shape, grad_y, weight, mac, {}));
  std::vector<float> grad_weight(weight.size());
  convolution_backward_weight(shape, x.data(), grad_y.data(), grad_weight.data(), mac);
  test::check_same_bits(grad_weight, test::reference_backward_weight(shape, x, grad_y, mac, {}));
}

TEST_CASE("products are looked up only where every sum of them is exact") {
  if (!has_byte_lookup()) return;
  const std::vector<float> ones(1, 1.0F);
  const OperandFacts finite = measure_facts(ones.data(), 1);
  const auto looked_up = [&](const char* mac, const OperandFacts& facts, std::int64_t depth) {
    return prepare(parse_mac(mac), {}, facts, facts, depth).takes_codes();
  };
  CHECK(looked_up("fp32 multiplier=mitchell operands=q4.4", finite, 100));
  CHECK_FALSE(looked_up("fp32 multiplier=mitchell operands=q4.4", finite, 2000));
  CHECK(looked_up("exact multiplier=mitchell operands=q4.4", finite, 2000));
  CHECK_FALSE(looked_up("exact multiplier=mitchell operands=q4.4", {}, 100));  // perhaps not finite
  CHECK_FALSE(looked_up("exact:e5m10 multiplier=mitchell operands=q4.4", finite, 100));
  CHECK_FALSE(looked_up("exact multiplier=mitchell operands=e4m3", finite, 100));
  CHECK_FALSE(looked_up("exact multiplier=mitchell operands=q5.4", finite, 100));
  CHECK_FALSE(looked_up("fp32/chunk8 multiplier=mitchell operands=q4.4", finite, 100));
  CHECK_FALSE(looked_up("fp32/rdn multiplier=mitchell operands=q4.4", finite, 100));
  CHECK_FALSE(looked_up("exact", finite, 100));
}

}  // namespace
}  // namespace mantissa
