#include "kernels/reduction.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "kernels/chain_reference.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

std::vector<float> random_values(std::int64_t count, std::uint64_t seed, double mean = 0) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double normal = random_normal(RandomKey{seed}, static_cast<std::uint64_t>(i));
    values.push_back(static_cast<float>(mean + normal));
  }
  return values;
}

/// The order that the header states, by one element at a time.
template <typename Term>
double partial_sums(std::int64_t count, const Term& term) {
  std::array<double, 16> partials{};
  for (std::int64_t i = 0; i < count; ++i) partials[static_cast<std::size_t>(i % 16)] += term(i);
  for (std::size_t width = 8; width > 0; width /= 2) {
    for (std::size_t i = 0; i < width; ++i) partials[i] += partials[i + width];
  }
  return partials[0];
}

TEST_CASE("a sum has the bits of sixteen partial sums added as a tree, at every length") {
  const std::vector<float> x = random_values(1100, 1);
  test::for_each_target([&](const char* target) {
    for (std::int64_t count = 0; count <= 1100; count = count < 100 ? count + 1 : count + 97) {
      INFO(target << ", " << count << " elements");
      CHECK(sum(x.data(), count) == partial_sums(count, [&](std::int64_t i) {
              return static_cast<double>(x[static_cast<std::size_t>(i)]);
            }));
      CHECK(sum_of_squares(x.data(), count, 0.3) == partial_sums(count, [&](std::int64_t i) {
              const double difference = static_cast<double>(x[static_cast<std::size_t>(i)]) - 0.3;
              return difference * difference;
            }));
      const std::int64_t pairs = std::min<std::int64_t>(count, 1080);
      CHECK(sum_of_products(x.data(), x.data() + 20, pairs) ==
            partial_sums(pairs, [&](std::int64_t i) {
              return static_cast<double>(x[static_cast<std::size_t>(i)]) *
                     static_cast<double>(x[static_cast<std::size_t>(i + 20)]);
            }));
    }
  });
}

TEST_CASE("axis sums of small integers are exact, whichever axis") {
  const std::int64_t outer = 3, reduced = 37, inner = 5;
  std::vector<float> x;
  for (std::int64_t i = 0; i < outer * reduced * inner; ++i)
    x.push_back(static_cast<float>(i % 101 - 50));
  const auto expected = [&](std::int64_t o, std::int64_t r_count, std::int64_t n, std::int64_t j) {
    double total = 0;
    for (std::int64_t r = 0; r < r_count; ++r) {
      total += static_cast<double>(x[static_cast<std::size_t>((o * r_count + r) * n + j)]);
    }
    return total;
  };
  std::vector<double> middle(static_cast<std::size_t>(outer * inner));
  axis_sums(x.data(), outer, reduced, inner, middle.data());
  std::vector<double> last(static_cast<std::size_t>(outer * reduced));
  axis_sums(x.data(), outer * reduced, inner, 1, last.data());
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t j = 0; j < inner; ++j) {
      CHECK(middle[static_cast<std::size_t>(o * inner + j)] == expected(o, reduced, inner, j));
    }
  }
  for (std::int64_t o = 0; o < outer * reduced; ++o) {
    CHECK(last[static_cast<std::size_t>(o)] == expected(o, inner, 1, 0));
  }
}

TEST_CASE("columns are summed over more columns than one block holds") {
  const std::int64_t rows = 3, columns = 1000;
  std::vector<float> x;
  for (std::int64_t i = 0; i < rows * columns; ++i) x.push_back(static_cast<float>(i));
  std::vector<double> sums(1000);
  axis_sums(x.data(), 1, rows, columns, sums.data());
  for (std::int64_t c = 0; c < columns; ++c) {
    CHECK(sums[static_cast<std::size_t>(c)] == static_cast<double>(3 * c + 3000));
  }
}

TEST_CASE("channel moments agree with two passes in long double, also far from zero") {
  for (const double mean : {0.0, 1e4}) {
    for (const std::int64_t inner : {1, 7, 16, 49, 300}) {
      const ChannelLayout layout{6, 3, inner};
      const std::vector<float> x = random_values(layout.elements(), 9, mean);
      const ChannelMoments moments = channel_moments(x.data(), layout);
      for (std::int64_t c = 0; c < layout.channels; ++c) {
        std::vector<long double> channel;
        for (std::int64_t i = 0; i < layout.elements(); ++i) {
          if (i / inner % layout.channels == c) channel.push_back(x[static_cast<std::size_t>(i)]);
        }
        const auto count = static_cast<long double>(channel.size());
        long double exact_mean = 0;
        for (const long double value : channel) exact_mean += value;
        exact_mean /= count;
        long double exact_variance = 0;
        for (const long double value : channel) {
          exact_variance += (value - exact_mean) * (value - exact_mean);
        }
        exact_variance /= count;
        INFO("inner " << inner << ", channel " << c << ", mean " << mean);
        CHECK(moments.mean[static_cast<std::size_t>(c)] ==
              doctest::Approx(static_cast<double>(exact_mean)).epsilon(1e-13));
        CHECK(moments.variance[static_cast<std::size_t>(c)] ==
              doctest::Approx(static_cast<double>(exact_variance)).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("channel sums and gradient sums add what belongs to the channel, and nothing else") {
  for (const std::int64_t inner : {1, 5, 33}) {
    const ChannelLayout layout{4, 3, inner};
    std::vector<float> g;
    std::vector<float> x;
    for (std::int64_t i = 0; i < layout.elements(); ++i) {
      g.push_back(static_cast<float>(i % 7 - 3));
      x.push_back(static_cast<float>(i % 11 - 5));
    }
    const std::vector<double> mean = {1, -2, 0.5};
    const std::vector<double> sums = channel_sums(g.data(), layout);
    const ChannelGradientSums gradient_sums =
        channel_gradient_sums(g.data(), x.data(), mean, layout);
    for (std::size_t c = 0; c < 3; ++c) {
      double gradient = 0;
      double product = 0;
      for (std::size_t i = 0; i < g.size(); ++i) {
        if (i / static_cast<std::size_t>(inner) % 3 != c) continue;
        gradient += static_cast<double>(g[i]);
        product += static_cast<double>(g[i]) * (static_cast<double>(x[i]) - mean[c]);
      }
      INFO("inner " << inner << ", channel " << c);
      CHECK(sums[c] == gradient);
      CHECK(gradient_sums.gradient[c] == gradient);
      CHECK(gradient_sums.product[c] == product);
    }
  }
}

TEST_CASE("gradient sums have the bits of sixteen partial sums on every vector width") {
  for (const std::int64_t inner : {2, 16, 49, 100}) {
    const ChannelLayout layout{3, 2, inner};
    const std::vector<float> g = random_values(layout.elements(), 5);
    const std::vector<float> x = random_values(layout.elements(), 6, 1);
    const std::vector<double> mean = {0.9, 1.1};
    std::vector<double> gradients(2, 0);
    std::vector<double> products(2, 0);
    for (std::int64_t run = 0; run < 6; ++run) {
      const auto c = static_cast<std::size_t>(run % 2);
      const auto at = [&](std::int64_t i) { return static_cast<std::size_t>(run * inner + i); };
      gradients[c] += partial_sums(inner, [&](auto i) { return static_cast<double>(g[at(i)]); });
      products[c] += partial_sums(inner, [&](auto i) {
        return static_cast<double>(g[at(i)]) * (static_cast<double>(x[at(i)]) - mean[c]);
      });
    }
    test::for_each_target([&](const char* target) {
      INFO(target << ", runs of " << inner);
      const ChannelGradientSums sums = channel_gradient_sums(g.data(), x.data(), mean, layout);
      CHECK(sums.gradient == gradients);
      CHECK(sums.product == products);
    });
  }
}

TEST_CASE("no bit of a sum depends on the number of threads") {
  const ChannelLayout layout{40, 5, 500};
  const std::vector<float> x = random_values(layout.elements(), 3);
  ChannelMoments reference;
  std::vector<double> reference_columns;
  for (const int threads : {1, 2, 3}) {
    with_threads(threads, [&] {
      const ChannelMoments moments = channel_moments(x.data(), layout);
      std::vector<double> columns(2500);
      axis_sums(x.data(), 1, 40, 2500, columns.data());
      if (threads == 1) {
        reference = moments;
        reference_columns = columns;
      }
      CHECK(moments.mean == reference.mean);
      CHECK(moments.variance == reference.variance);
      CHECK(columns == reference_columns);
    });
  }
}

}  // namespace
}  // namespace mantissa
