#include "training/optimizer.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

OptimizerOptions sgd(double momentum, bool nesterov = false, double decay = 0) {
  OptimizerOptions options;
  options.momentum = momentum;
  options.nesterov = nesterov;
  options.weight_decay = decay;
  return options;
}

TEST_CASE("two steps of SGD with momentum are those worked by hand") {
  // w = 1, gradients 2 then 1, rate 0.5, momentum 0.5: v = 2, w = 0; v = 0.5*2 + 1 = 2, w = -1.
  Optimizer optimizer(sgd(0.5), {{}});
  std::vector<float> w = {1};
  optimizer.begin_step(0.5);
  optimizer.update(0, w, std::vector<float>{2}, {});
  CHECK(w[0] == 0.0F);
  optimizer.begin_step(0.5);
  optimizer.update(0, w, std::vector<float>{1}, {});
  CHECK(w[0] == -1.0F);
}

TEST_CASE("Nesterov momentum looks one step ahead") {
  // w = 1, gradient 2, rate 0.5, momentum 0.5: v = 2, step = 0.5 (2 + 0.5*2) = 1.5.
  Optimizer optimizer(sgd(0.5, true), {{}});
  std::vector<float> w = {1};
  optimizer.begin_step(0.5);
  optimizer.update(0, w, std::vector<float>{2}, {});
  CHECK(w[0] == -0.5F);
}

TEST_CASE("weight decay of SGD adds to the gradient") {
  Optimizer optimizer(sgd(0, false, 0.25), {{}});
  std::vector<float> w = {4};
  optimizer.begin_step(0.5);
  optimizer.update(0, w, std::vector<float>{1}, {});  // 4 - 0.5 (1 + 0.25*4)
  CHECK(w[0] == 3.0F);
}

TEST_CASE("the first step of Adam has the size of the learning rate, whatever the gradient's") {
  for (const float gradient : {1e-3F, 1.0F, 1e3F, -50.0F}) {
    OptimizerOptions options;
    options.kind = OptimizerKind::adam;
    Optimizer optimizer(options, {{}});
    std::vector<float> w = {0};
    optimizer.begin_step(0.01);
    optimizer.update(0, w, std::vector<float>{gradient}, {});
    CHECK(w[0] == doctest::Approx(gradient > 0 ? -0.01 : 0.01).epsilon(1e-4));
  }
}

TEST_CASE("ten steps of Adam equal the algorithm of the paper in binary64") {
  OptimizerOptions options;
  options.kind = OptimizerKind::adamw;
  options.weight_decay = 0.1;
  Optimizer optimizer(options, {{}});
  std::vector<float> w = {0.5F};
  double reference = 0.5;
  double m = 0;
  double v = 0;
  for (int t = 1; t <= 10; ++t) {
    const float gradient = std::sin(static_cast<float>(t));
    optimizer.begin_step(0.05);
    optimizer.update(0, w, std::vector<float>{gradient}, {});
    const double g = static_cast<double>(gradient);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double step =
        m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    reference -= 0.05 * (step + 0.1 * reference);
    CHECK(static_cast<double>(w[0]) == doctest::Approx(reference).epsilon(1e-5));
  }
}

TEST_CASE(
    "bfloat16 master weights stall where the update is below half a unit in the last place, and do "
    "not with stochastic rounding") {
  // Zamirai et al., 2020 (arXiv 2010.06192): w = 1 has ulp 2^-7, so steps of 2^-10 vanish under
  // rne.
  const Quantization nearest{parse_format("bf16"), {}};
  const Quantization stochastic{parse_format("bf16"), parse_rounding("sr")};
  std::vector<double> after;
  for (const Quantization& master : {nearest, stochastic}) {
    Optimizer optimizer(sgd(0), {{master, {}}});
    std::vector<float> w(4096, 1.0F);
    const std::vector<float> gradient(4096, 1.0F);
    for (std::uint64_t step = 0; step < 64; ++step) {
      optimizer.begin_step(0x1p-10);
      optimizer.update(0, w, gradient, RandomKey{3}.child(step));
    }
    after.push_back(std::accumulate(w.begin(), w.end(), 0.0) / 4096);
  }
  CHECK(after[0] == 1.0);
  CHECK(after[1] == doctest::Approx(1 - 64 * 0x1p-10).epsilon(0.002));
}

TEST_CASE("an update gives the same bits on any number of threads") {
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    Optimizer optimizer(sgd(0.9), {{{parse_format("e5m10"), parse_rounding("sr")},
                                    {parse_format("bf16"), parse_rounding("sr")}}});
    std::vector<float> w(100'003);
    std::vector<float> gradient(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] = static_cast<float>(random_uniform({1}, i));
      gradient[i] = static_cast<float>(random_uniform({2}, i));
    }
    with_threads(threads, [&] {
      for (std::uint64_t step = 0; step < 3; ++step) {
        optimizer.begin_step(0.01);
        optimizer.update(0, w, gradient, RandomKey{9}.child(step));
      }
    });
    if (threads == 1) first = w;
    CHECK(w == first);
  }
}

}  // namespace
}  // namespace mantissa
