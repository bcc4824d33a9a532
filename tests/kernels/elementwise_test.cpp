#include "kernels/elementwise.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "kernels/chain_reference.h"
#include "support/random.h"

namespace mantissa {
namespace {

using Kernel = void (*)(const float*, float*, std::int64_t);

/// The distance of `value` from `exact` in units in the last place of a binary32 result.
double ulps(float value, long double exact) {
  if (std::isnan(exact)) return std::isnan(value) ? 0 : INFINITY;
  if (static_cast<long double>(value) == exact) return 0;
  const auto rounded = static_cast<float>(exact);
  if (std::isinf(rounded) || std::isinf(value)) return rounded == value ? 0 : INFINITY;
  const int exponent = std::max(std::ilogb(rounded == 0 ? 0x1p-149F : rounded), -126);
  return static_cast<double>(std::fabs(static_cast<long double>(value) - exact) /
                             std::ldexp(1.0L, exponent - 23));
}

struct WorstCase {
  double normal = 0;  ///< where the result is a normal number
  double subnormal = 0;
  float normal_at = 0;
};

/// Every `stride`-th bit pattern of binary32: all signs, exponents, infinities and NaNs.
WorstCase worst_case(Kernel kernel, long double (*exact)(long double), std::uint64_t stride) {
  WorstCase worst;
  std::vector<float> x;
  std::vector<float> y;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32);) {
    x.clear();
    for (; x.size() < 4099 && bits < (std::uint64_t{1} << 32); bits += stride) {
      x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
    y.resize(x.size());
    kernel(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = ulps(y[i], exact(static_cast<long double>(x[i])));
      if (std::fabs(y[i]) < 0x1p-126F) {
        worst.subnormal = std::max(worst.subnormal, error);
      } else if (error > worst.normal) {
        worst.normal = error;
        worst.normal_at = x[i];
      }
    }
  }
  MESSAGE("normal results: " << worst.normal << " ulp, at " << worst.normal_at
                             << "; subnormal results: " << worst.subnormal << " ulp");
  return worst;
}

long double exact_logistic(long double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  return std::exp(x) / (1 + std::exp(x));
}

// The bounds are those that elementwise.h states.

TEST_CASE("the exponential is accurate over all of binary32") {
  const WorstCase worst = worst_case(
      exponential, [](long double x) { return std::exp(x); }, 1009);
  CHECK(worst.normal <= 0.98);
  CHECK(worst.subnormal <= 0.75);
}

TEST_CASE("the logarithm is accurate over all of binary32") {
  const WorstCase worst = worst_case(
      natural_logarithm, [](long double x) { return std::log(x); }, 1009);
  CHECK(worst.normal <= 0.80);
  CHECK(worst.subnormal == 0);
}

TEST_CASE("the hyperbolic tangent is accurate over all of binary32") {
  const WorstCase worst = worst_case(
      hyperbolic_tangent, [](long double x) { return std::tanh(x); }, 1009);
  CHECK(worst.normal <= 1.30);
  CHECK(worst.subnormal <= 0.5);
}

TEST_CASE("the logistic function is accurate over all of binary32") {
  const WorstCase worst = worst_case(logistic, exact_logistic, 1009);
  CHECK(worst.normal <= 2.30);
  CHECK(worst.subnormal <= 0.75);
}

TEST_CASE("the square root is correctly rounded") {
  CHECK(worst_case(
            square_root, [](long double x) { return std::sqrt(x); }, 1009)
            .normal <= 0.5);
}

TEST_CASE("special values follow IEEE 754's recommended functions") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {0.0F, -0.0F, kInfinity, -kInfinity, nan, 1.0F, -1.0F};
  std::vector<float> y(x.size());
  const auto run = [&](Kernel kernel) { kernel(x.data(), y.data(), 7); };
  run(exponential);
  CHECK(y[0] == 1);
  CHECK(y[1] == 1);
  CHECK(y[2] == kInfinity);
  CHECK(y[3] == 0);
  CHECK(std::isnan(y[4]));
  run(natural_logarithm);
  CHECK(y[0] == -kInfinity);
  CHECK(y[1] == -kInfinity);
  CHECK(y[2] == kInfinity);
  CHECK(std::isnan(y[3]));
  CHECK(std::isnan(y[4]));
  CHECK(y[5] == 0);
  CHECK(std::isnan(y[6]));
  run(hyperbolic_tangent);
  CHECK(std::signbit(y[1]));
  CHECK(y[2] == 1);
  CHECK(y[3] == -1);
  CHECK(std::isnan(y[4]));
  run(logistic);
  CHECK(y[0] == 0.5F);
  CHECK(y[2] == 1);
  CHECK(y[3] == 0);
  CHECK(std::isnan(y[4]));
}

TEST_CASE(
    "an element's result does not depend on its place in the array, nor on the array's length") {
  for (const Kernel kernel : {exponential, natural_logarithm, hyperbolic_tangent, logistic}) {
    std::vector<float> x(67);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(random_normal({11}, i));
    std::vector<float> whole(x.size());
    kernel(x.data(), whole.data(), 67);
    for (std::size_t first = 0; first < 67; ++first) {
      for (std::size_t count = 1; count <= std::min<std::size_t>(20, 67 - first); ++count) {
        std::vector<float> part(count);
        kernel(x.data() + first, part.data(), static_cast<std::int64_t>(count));
        for (std::size_t i = 0; i < count; ++i) {
          REQUIRE(std::bit_cast<std::uint32_t>(part[i]) ==
                  std::bit_cast<std::uint32_t>(whole[first + i]));
        }
      }
    }
  }
}

TEST_CASE("every vector width gives the same bits") {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 99991) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  const auto count = static_cast<std::int64_t>(x.size());
  for (const Kernel kernel :
       {exponential, Kernel{natural_logarithm}, hyperbolic_tangent, logistic, square_root}) {
    std::vector<float> first;
    test::for_each_target([&](const char* target) {
      std::vector<float> y(x.size());
      kernel(x.data(), y.data(), count);
      if (first.empty()) first = y;
      INFO(target);
      test::check_same_bits(y, first);
    });
  }
}

TEST_CASE("the binary64 logarithm is within two units in the last place") {
  double worst = 0;
  for (std::uint64_t i = 0; i < 200000; ++i) {
    const double x = i % 2 == 0
                         ? std::ldexp(1 + random_uniform({1}, i), static_cast<int>(i % 2000) - 1000)
                         : 1 + 0.2 * (random_uniform({2}, i) - 0.5);
    const long double exact = std::log(static_cast<long double>(x));
    const long double ulp = std::ldexp(1.0L, std::ilogb(exact) - 52);
    worst = std::max(worst,
                     static_cast<double>(
                         std::fabs(static_cast<long double>(natural_logarithm(x)) - exact) / ulp));
  }
  MESSAGE(worst << " ulp");
  CHECK(worst <= 2);
  CHECK(natural_logarithm(1.0) == 0);
  CHECK(natural_logarithm(0.0) == -INFINITY);
  CHECK(std::isnan(natural_logarithm(-1.0)));
  CHECK(natural_logarithm(static_cast<double>(INFINITY)) == INFINITY);
}

}  // namespace
}  // namespace mantissa
