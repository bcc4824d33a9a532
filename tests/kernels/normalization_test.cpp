#include "kernels/normalization.h"

#include <vector>

#include <doctest/doctest.h>

#include "kernels/chain_reference.h"
#include "support/random.h"

namespace mantissa {
namespace {

std::vector<float> random_values(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    values.push_back(static_cast<float>(random_uniform(RandomKey{seed}, at) - 0.5));
  }
  return values;
}

/// Compares `run` with `element(i, channel)` on every vector width, for runs shorter and longer
/// than a vector.
template <typename Run, typename Element>
void check_elements(const Run& run, const Element& element) {
  for (const ChannelLayout& layout : {ChannelLayout{3, 37, 1}, ChannelLayout{2, 3, 2},
                                      ChannelLayout{2, 3, 16}, ChannelLayout{2, 5, 49}}) {
    test::for_each_target([&](const char* target) {
      INFO(target << ", " << layout.channels << " channels of " << layout.inner);
      std::vector<float> actual(static_cast<std::size_t>(layout.elements()), -1);
      run(layout, actual.data());
      for (std::size_t i = 0; i < actual.size(); ++i) {
        const std::size_t channel =
            i / static_cast<std::size_t>(layout.inner) % static_cast<std::size_t>(layout.channels);
        REQUIRE(actual[i] == element(i, channel));
      }
    });
  }
}

const std::vector<float>& operand(std::uint64_t seed) {
  static const std::vector<std::vector<float>> operands = {
      random_values(500, 0), random_values(500, 1), random_values(500, 2),
      random_values(500, 3), random_values(500, 4), random_values(500, 5)};
  return operands[seed];
}

TEST_CASE("normalisation rounds each operation to binary32, on every vector width") {
  const auto& x = operand(0);
  const auto& mean = operand(1);
  const auto& factor = operand(2);
  const auto& bias = operand(3);
  check_elements(
      [&](const ChannelLayout& layout, float* y) {
        normalize_channels(layout, x.data(), mean.data(), factor.data(), bias.data(), y);
      },
      [&](std::size_t i, std::size_t c) { return (x[i] - mean[c]) * factor[c] + bias[c]; });
}

TEST_CASE("so does its gradient") {
  const auto& grad_y = operand(0);
  const auto& x = operand(1);
  const NormalizationOperands by{operand(2).data(), operand(3).data(), operand(4).data(),
                                 operand(5).data()};
  check_elements(
      [&](const ChannelLayout& layout, float* grad_x) {
        normalization_gradient(layout, grad_y.data(), x.data(), by, grad_x);
      },
      [&](std::size_t i, std::size_t c) {
        return by.factor[c] * (grad_y[i] - by.offset[c] - (x[i] - by.mean[c]) * by.slope[c]);
      });
}

TEST_CASE("channels are scaled each by its factor") {
  const auto& x = operand(0);
  const auto& factor = operand(1);
  check_elements([&](const ChannelLayout& layout,
                     float* y) { scale_channels(layout, x.data(), factor.data(), y); },
                 [&](std::size_t i, std::size_t c) { return x[i] * factor[c]; });
}

}  // namespace
}  // namespace mantissa
