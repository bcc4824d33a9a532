#include "kernels/sum_sampler.h"

#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "kernels/chain_reference.h"
#include "kernels/convolution_shapes.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

using test::square;
using test::Values;

/// `dot` of the operands of each element, in order.
template <typename Operands>
std::vector<float> sums_of(std::int64_t count, const Mac& mac, RandomKey key,
                           const Operands& operands) {
  std::vector<float> sums;
  for (std::int64_t i = 0; i < count; ++i) {
    const SumOperands factors = operands(i);
    sums.push_back(static_cast<float>(
        dot(0, factors.left, factors.right, mac, key, static_cast<std::uint64_t>(i))));
  }
  return sums;
}

TEST_CASE("the operands of a convolution's elements are those that its kernels multiply") {
  for (const ConvolutionShape& shape :
       {square(2, 3, 7, 4, 3, 1, 1, 1, 1), square(2, 4, 9, 6, 3, 2, 1, 1, 2),
        square(1, 6, 10, 6, 3, 2, 1, 1, 6), square(1, 3, 21, 3, 3, 1, 2, 2, 3),
        square(1, 2, 9, 2, 2, 4, 0, 1, 1), square(2, 3, 9, 4, 4, 2, 1, 3, 1)}) {
    CAPTURE(shape.groups);
    CAPTURE(shape.vertical.kernel);
    CAPTURE(shape.vertical.stride);
    const auto x = test::draw_values(shape.in_elements(), Values::coarse, {1});
    const auto weight = test::draw_values(shape.weight_elements(), Values::coarse, {2});
    const auto grad_y = test::draw_values(shape.out_elements(), Values::coarse, {3});
    for (const char* text : {"e5m7", "e6m9/sr", "e8m23"}) {
      CAPTURE(text);
      const Mac mac = parse_mac(text);
      std::vector<float> y(grad_y.size());
      convolution_forward(shape, x.data(), weight.data(), y.data(), mac, {5});
      test::check_same_bits(sums_of(shape.out_elements(), mac, {5},
                                    [&](std::int64_t i) {
                                      return convolution_forward_operands(shape, x.data(),
                                                                          weight.data(), i);
                                    }),
                            y);
      std::vector<float> grad_x(x.size());
      convolution_backward_data(shape, grad_y.data(), weight.data(), grad_x.data(), mac, {6});
      test::check_same_bits(sums_of(shape.in_elements(), mac, {6},
                                    [&](std::int64_t i) {
                                      return convolution_backward_data_operands(
                                          shape, grad_y.data(), weight.data(), i);
                                    }),
                            grad_x);
      std::vector<float> grad_weight(weight.size());
      convolution_backward_weight(shape, x.data(), grad_y.data(), grad_weight.data(), mac, {7});
      test::check_same_bits(sums_of(shape.weight_elements(), mac, {7},
                                    [&](std::int64_t i) {
                                      return convolution_backward_weight_operands(shape, x.data(),
                                                                                  grad_y.data(), i);
                                    }),
                            grad_weight);
    }
  }
}

TEST_CASE("the operands of a matrix product's elements are a row and a column") {
  const auto a = test::draw_values(7 * 5, Values::coarse, {1});
  const auto b = test::draw_values(5 * 6, Values::coarse, {2});
  const MatrixView left{a.data(), 7, 5, 1, 7};  // stored by columns
  const MatrixView right{b.data(), 5, 6, 6, 1};
  const Mac mac = parse_mac("e5m4/sr");
  std::vector<float> c(7 * 6);
  matmul(left, right, c.data(), 6, mac, {9});
  test::check_same_bits(
      sums_of(42, mac, {9}, [&](std::int64_t i) { return matmul_operands(left, right, i); }), c);
}

/// The elements that a sampler follows in each of `passes` passes.
std::vector<std::vector<std::int64_t>> followed(std::int64_t elements, int passes,
                                                std::int64_t parts) {
  SumSampler sampler;
  std::vector<std::vector<std::int64_t>> all;
  for (int pass = 0; pass < passes; ++pass) {
    sampler.begin_pass(elements);
    std::vector<std::int64_t> found;
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t first = elements * part / parts;
      const std::int64_t last = elements * (part + 1) / parts;
      with_threads(1, [&] {
        sampler.follow(first, last - first, {}, {}, [&](std::int64_t index) {
          found.push_back(first + index);
          return SumOperands{{1}, {1}};
        });
      });
    }
    all.push_back(found);
  }
  return all;
}

TEST_CASE("one of so many sums is followed, the first in the first pass, and all come round") {
  for (const std::int64_t elements : {1, 10, 150, 840, 2400, 70000, 1000000}) {
    CAPTURE(elements);
    const int passes = 2000;
    const auto all = followed(elements, passes, 1);
    std::int64_t count = 0;
    std::set<std::int64_t> different;
    int without = 0;
    for (const auto& pass : all) {
      count += static_cast<std::int64_t>(pass.size());
      different.insert(pass.begin(), pass.end());
      without = pass.empty() ? without + 1 : 0;
      CHECK(without < 16);
      for (const std::int64_t index : pass) CHECK(index < elements);
    }
    CHECK(all.front().size() >= 1);
    // None lies before the first, which is somewhere in the first pass.
    const std::int64_t fewest = (passes - 1) * elements / SumSampler::kLongestStride;
    CHECK(count >= fewest);
    const std::int64_t most = passes * elements / SumSampler::kLongestStride + 1;
    CHECK(count <= std::max<std::int64_t>(most, passes / 10));
    CHECK(static_cast<std::int64_t>(different.size()) >= std::min<std::int64_t>(elements, 10));
  }
}

TEST_CASE("which sums are followed does not depend on how a pass is cut") {
  for (const std::int64_t elements : {5, 840, 300000}) {
    CHECK(followed(elements, 200, 7) == followed(elements, 200, 1));
  }
}

TEST_CASE("events of a convolution's sums are the same on 1, 2 and 3 threads") {
  const ConvolutionShape shape = square(40, 8, 32, 24, 3, 1, 1, 1, 1);
  const auto x = test::draw_values(shape.in_elements(), Values::coarse, {1});
  const auto weight = test::draw_values(shape.weight_elements(), Values::coarse, {2});
  const auto count = [&](int threads) {
    SumSampler sampler;
    with_threads(threads, [&] {
      for (int pass = 0; pass < 3; ++pass) {
        follow_convolution_forward(shape, x.data(), weight.data(), parse_mac("e5m2"), {}, &sampler);
      }
    });
    return sampler.total();
  };
  const SumEvents expected = count(1);
  CHECK(expected.sums >= 2 * shape.out_elements() / SumSampler::kLongestStride);
  CHECK(expected.addends > 0);
  CHECK(expected.swamped > 0);
  CHECK(count(2) == expected);
  CHECK(count(3) == expected);
}

}  // namespace
}  // namespace mantissa
