#include "kernels/pooling.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "kernels/chain_reference.h"
#include "support/random.h"

namespace mantissa {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> filled(std::int64_t count, float value) {
  return std::vector<float>(static_cast<std::size_t>(count), value);
}

/// Few distinct values, so that ties are common.
std::vector<float> coarse_values(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto drawn = random_below(RandomKey{seed}, static_cast<std::uint64_t>(i), 9);
    values.push_back(static_cast<float>(drawn) / 4 - 1);
  }
  return values;
}

/// Calls body(x index, y index, tap) for every element of every window, row-major by tap.
template <typename Body>
void for_each_element(const PoolingShape& s, const Body& body) {
  for (std::int64_t y = 0; y < s.out_elements(); ++y) {
    const std::int64_t plane = y / (s.vertical.out * s.horizontal.out);
    const std::int64_t oh = y / s.horizontal.out % s.vertical.out;
    const std::int64_t ow = y % s.horizontal.out;
    for (std::int64_t tap = 0; tap < s.taps(); ++tap) {
      const std::int64_t ih = oh * s.vertical.stride - s.vertical.pad_begin +
                              tap / s.horizontal.kernel * s.vertical.dilation;
      const std::int64_t iw = ow * s.horizontal.stride - s.horizontal.pad_begin +
                              tap % s.horizontal.kernel * s.horizontal.dilation;
      if (ih < 0 || iw < 0 || ih >= s.vertical.in || iw >= s.horizontal.in) continue;
      body(static_cast<std::size_t>((plane * s.vertical.in + ih) * s.horizontal.in + iw),
           static_cast<std::size_t>(y), tap);
    }
  }
}

PoolingShape square(std::int64_t width, std::int64_t kernel, std::int64_t stride,
                    std::int64_t dilation, std::int64_t pad) {
  PoolingShape s;
  s.planes = 3;
  s.vertical.in = 7;
  s.horizontal.in = width;
  s.vertical.kernel = s.horizontal.kernel = kernel;
  s.vertical.stride = s.horizontal.stride = stride;
  s.vertical.dilation = s.horizontal.dilation = dilation;
  s.vertical.pad_begin = s.horizontal.pad_begin = s.vertical.pad_end = s.horizontal.pad_end = pad;
  const std::int64_t extent = (kernel - 1) * dilation + 1;
  s.vertical.out = (s.vertical.in + 2 * pad - extent) / stride + 1;
  s.horizontal.out = (s.horizontal.in + 2 * pad - extent) / stride + 1;
  return s;
}

/// Rows shorter than a vector, as long as one, and of several with a rest.
std::vector<PoolingShape> shapes() {
  std::vector<PoolingShape> all;
  for (const std::int64_t width : {5, 8, 23, 66}) {
    for (const std::int64_t kernel : {1, 2, 3}) {
      for (const std::int64_t stride : {1, 2, 3}) {
        for (const std::int64_t dilation : {1, 2}) {
          for (const std::int64_t pad : {0, 1}) {
            if (pad < kernel) all.push_back(square(width, kernel, stride, dilation, pad));
          }
        }
      }
    }
  }
  return all;
}

std::string text(const PoolingShape& s) {
  return "width " + std::to_string(s.horizontal.in) + ", kernel " +
         std::to_string(s.horizontal.kernel) + ", stride " + std::to_string(s.horizontal.stride) +
         ", dilation " + std::to_string(s.horizontal.dilation) + ", padding " +
         std::to_string(s.horizontal.pad_begin);
}

/// Calls body(shape) for all shapes on every vector width that this machine has.
template <typename Body>
void for_each_shape(const Body& body) {
  test::for_each_target([&](const char* target) {
    for (const PoolingShape& s : shapes()) {
      INFO(target << ", " << text(s));
      body(s);
    }
  });
}

TEST_CASE("the maximum is each window's largest element, and its winner the first of equal ones") {
  for_each_shape([](const PoolingShape& s) {
    const std::vector<float> x = coarse_values(s.in_elements(), 7);
    std::vector<float> y = filled(s.out_elements(), kNan);
    std::vector<float> winners = y;
    max_pool_forward(s, x.data(), y.data(), winners.data());
    std::vector<float> expected = filled(s.out_elements(), -kInfinity);
    std::vector<float> expected_winners = expected;
    for_each_element(s, [&](std::size_t i, std::size_t o, std::int64_t tap) {
      if (!(x[i] > expected[o])) return;
      expected[o] = x[i];
      expected_winners[o] = static_cast<float>(tap);
    });
    CHECK(y == expected);
    CHECK(winners == expected_winners);
    std::vector<float> without_winners = filled(s.out_elements(), kNan);
    max_pool_forward(s, x.data(), without_winners.data(), nullptr);
    CHECK(without_winners == expected);
  });
}

TEST_CASE("the gradient of a maximum goes to the winner of each window") {
  for_each_shape([](const PoolingShape& s) {
    const std::vector<float> x = coarse_values(s.in_elements(), 8);
    const std::vector<float> grad_y = coarse_values(s.out_elements(), 9);
    std::vector<float> y = filled(s.out_elements(), kNan);
    std::vector<float> winners = y;
    max_pool_forward(s, x.data(), y.data(), winners.data());
    std::vector<float> grad_x = filled(s.in_elements(), kNan);
    max_pool_backward(s, grad_y.data(), winners.data(), grad_x.data());
    std::vector<float> expected = filled(s.in_elements(), 0);
    for_each_element(s, [&](std::size_t i, std::size_t o, std::int64_t tap) {
      if (winners[o] == static_cast<float>(tap)) expected[i] += grad_y[o];
    });
    CHECK(grad_x == expected);  // multiples of 1/4: exact in any order
  });
}

TEST_CASE("a NaN in a window is its maximum, wherever it stands; -infinity can be one too") {
  PoolingShape s;
  s.horizontal.in = 20;
  s.horizontal.kernel = 2;
  s.horizontal.stride = 2;
  s.horizontal.out = 10;
  std::vector<float> x = filled(20, -kInfinity);
  x[0] = kNan;
  x[3] = kNan;
  x[4] = 1;
  test::for_each_target([&](const char* target) {
    INFO(target);
    std::vector<float> y = filled(10, 0);
    std::vector<float> winners = y;
    max_pool_forward(s, x.data(), y.data(), winners.data());
    CHECK(std::isnan(y[0]));
    CHECK(winners[0] == 0);
    CHECK(std::isnan(y[1]));
    CHECK(winners[1] == 1);
    CHECK(y[2] == 1);
    for (std::size_t i = 3; i < 10; ++i) {
      CHECK(y[i] == -kInfinity);
      CHECK(winners[i] == 0);
    }
  });
}

TEST_CASE("the mean divides by the elements of the plane, or by those of the padded plane") {
  for_each_shape([](const PoolingShape& s) {
    const std::vector<float> x = coarse_values(s.in_elements(), 10);
    for (const bool count_padding : {false, true}) {
      std::vector<float> y = filled(s.out_elements(), kNan);
      average_pool_forward(s, count_padding, x.data(), y.data());
      std::vector<double> sums(y.size(), 0);
      std::vector<double> counts(y.size(), 0);
      for_each_element(s, [&](std::size_t i, std::size_t o, std::int64_t) {
        sums[o] += static_cast<double>(x[i]);
        counts[o] += 1;
      });
      for (std::size_t o = 0; o < y.size(); ++o) {
        // Without ceil_mode every window lies within the padded plane.
        const double divisor = count_padding ? static_cast<double>(s.taps()) : counts[o];
        REQUIRE(y[o] == static_cast<float>(sums[o] / divisor));
      }
    }
  });
}

TEST_CASE("what a window covers beyond the padding does not count in a mean") {
  // [1 2 3 6] with padding 0 + 1 and windows of 3, 3 apart: [1 2 3] and [6, padding, beyond].
  PoolingShape s;
  s.horizontal.in = 4;
  s.horizontal.kernel = 3;
  s.horizontal.stride = 3;
  s.horizontal.out = 2;
  s.horizontal.pad_end = 1;
  const std::vector<float> x = {1, 2, 3, 6};
  std::vector<float> y = filled(2, kNan);
  average_pool_forward(s, true, x.data(), y.data());
  CHECK(y == std::vector<float>{2, 3});  // (6 + 0) / 2
  average_pool_forward(s, false, x.data(), y.data());
  CHECK(y == std::vector<float>{2, 6});
}

TEST_CASE("the gradient of a mean is shared by the window's elements") {
  for_each_shape([](const PoolingShape& s) {
    const std::vector<float> grad_y = coarse_values(s.out_elements(), 12);
    std::vector<float> grad_x = filled(s.in_elements(), kNan);
    average_pool_backward(s, true, grad_y.data(), grad_x.data());
    std::vector<double> expected(grad_x.size(), 0);
    for_each_element(s, [&](std::size_t i, std::size_t o, std::int64_t) {
      expected[i] += static_cast<double>(grad_y[o]) / static_cast<double>(s.taps());
    });
    for (std::size_t i = 0; i < grad_x.size(); ++i) {
      REQUIRE(static_cast<double>(grad_x[i]) == doctest::Approx(expected[i]).epsilon(1e-5));
    }
  });
}

}  // namespace
}  // namespace mantissa
