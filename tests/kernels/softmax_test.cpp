#include "kernels/softmax.h"

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

std::vector<float> normals(std::int64_t count, std::uint64_t key) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(3 * random_normal({key}, i));
  }
  return values;
}

std::size_t index(const SoftmaxShape& shape, std::int64_t o, std::int64_t e, std::int64_t i) {
  return static_cast<std::size_t>((o * shape.extent + e) * shape.inner + i);
}

TEST_CASE("softmax and log-softmax of hand-worked rows") {
  const std::vector<float> x = {0.0F, std::log(2.0F), std::log(5.0F), 4.0F, 4.0F, 4.0F};
  std::vector<float> y(6);
  softmax({2, 3, 1}, x.data(), y.data());
  CHECK(y[0] == doctest::Approx(0.125).epsilon(1e-6));
  CHECK(y[1] == doctest::Approx(0.25).epsilon(1e-6));
  CHECK(y[2] == doctest::Approx(0.625).epsilon(1e-6));
  CHECK(y[3] == 1.0F / 3);
  log_softmax({2, 3, 1}, x.data(), y.data());
  CHECK(y[0] == doctest::Approx(-std::log(8.0)).epsilon(1e-6));
  CHECK(y[4] == doctest::Approx(-std::log(3.0)).epsilon(1e-7));
}

TEST_CASE("any axis: softmax agrees with a binary64 loop to 2e-6 relative") {
  for (const SoftmaxShape shape :
       {SoftmaxShape{1, 1, 1}, SoftmaxShape{5, 10, 1}, SoftmaxShape{3, 7, 4},
        SoftmaxShape{1, 33, 9}, SoftmaxShape{2, 1000, 1}}) {
    const std::vector<float> x = normals(shape.elements(), 1);
    std::vector<float> y(x.size());
    std::vector<float> log_y(x.size());
    softmax(shape, x.data(), y.data());
    log_softmax(shape, x.data(), log_y.data());
    for (std::int64_t o = 0; o < shape.outer; ++o) {
      for (std::int64_t i = 0; i < shape.inner; ++i) {
        long double total = 0;
        for (std::int64_t e = 0; e < shape.extent; ++e) {
          total += std::exp(static_cast<long double>(x[index(shape, o, e, i)]));
        }
        for (std::int64_t e = 0; e < shape.extent; ++e) {
          const std::size_t at = index(shape, o, e, i);
          const auto exact = static_cast<double>(std::exp(static_cast<long double>(x[at])) / total);
          REQUIRE(std::fabs(static_cast<double>(y[at]) / exact - 1) < 2e-6);
          REQUIRE(std::fabs(static_cast<double>(log_y[at]) - std::log(exact)) < 1e-6);
        }
      }
    }
  }
}

TEST_CASE("gradients agree with their formulas in binary64") {
  const SoftmaxShape shape{3, 6, 5};
  const std::vector<float> x = normals(shape.elements(), 2);
  const std::vector<float> grad_y = normals(shape.elements(), 3);
  std::vector<float> y(x.size());
  std::vector<float> log_y(x.size());
  std::vector<float> grad_x(x.size());
  std::vector<float> log_grad_x(x.size());
  softmax(shape, x.data(), y.data());
  softmax_gradient(shape, y.data(), grad_y.data(), grad_x.data());
  log_softmax(shape, x.data(), log_y.data());
  log_softmax_gradient(shape, log_y.data(), grad_y.data(), log_grad_x.data());
  for (std::int64_t o = 0; o < shape.outer; ++o) {
    for (std::int64_t i = 0; i < shape.inner; ++i) {
      for (std::int64_t e = 0; e < shape.extent; ++e) {
        const std::size_t at = index(shape, o, e, i);
        // Sum over the Jacobians d y_k / d x_e = y_k (delta_ke - y_e) and delta_ke - y_e.
        double expected = 0;
        double log_expected = 0;
        for (std::int64_t k = 0; k < shape.extent; ++k) {
          const std::size_t other = index(shape, o, k, i);
          const double delta = (k == e ? 1.0 : 0.0) - static_cast<double>(y[at]);
          expected += static_cast<double>(grad_y[other]) * static_cast<double>(y[other]) * delta;
          log_expected += static_cast<double>(grad_y[other]) * delta;
        }
        CHECK(static_cast<double>(grad_x[at]) == doctest::Approx(expected).epsilon(1e-5));
        CHECK(static_cast<double>(log_grad_x[at]) == doctest::Approx(log_expected).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("huge logits do not overflow; NaN and infinity in a row make that row NaN, no other") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {3e38F,     0.0F, -3e38F, std::nanf(""), 1.0F, 2.0F,
                                kInfinity, 1.0F, 2.0F,   -kInfinity,    1.0F, 1.0F};
  std::vector<float> y(x.size());
  softmax({4, 3, 1}, x.data(), y.data());
  CHECK(y[0] == 1);
  CHECK(y[1] == 0);
  CHECK(y[2] == 0);
  for (std::size_t i = 3; i < 9; ++i) CHECK((std::isnan(y[i]) || i == 7 || i == 8));
  CHECK(y[9] == 0);
  CHECK(y[10] == 0.5F);
}

TEST_CASE("softmax has the same bits on one thread and on four") {
  const SoftmaxShape shape{300, 40, 3};
  const std::vector<float> x = normals(shape.elements(), 4);
  std::vector<float> one(x.size());
  std::vector<float> four(x.size());
  with_threads(1, [&] { softmax(shape, x.data(), one.data()); });
  with_threads(4, [&] { softmax(shape, x.data(), four.data()); });
  CHECK(one == four);
}

}  // namespace
}  // namespace mantissa
