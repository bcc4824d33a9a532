#include "kernels/cross_entropy.h"

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "support/error.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

Tensor random_logits(std::int64_t batch, std::int64_t classes) {
  Tensor logits(Shape{batch, classes});
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logits.data()[i] = static_cast<float>(2 * random_normal({9}, i));
  }
  return logits;
}

std::vector<std::int32_t> random_labels(std::int64_t batch, std::int64_t classes) {
  std::vector<std::int32_t> labels(static_cast<std::size_t>(batch));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] =
        static_cast<std::int32_t>(random_below({10}, i, static_cast<std::uint32_t>(classes)));
  }
  return labels;
}

/// The definition, term by term.
double reference_loss(const Tensor& logits, std::span<const std::int32_t> labels,
                      double smoothing) {
  const auto classes = static_cast<std::size_t>(logits.shape()[1]);
  long double loss = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    long double total = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      total += std::exp(static_cast<long double>(logits.data()[row * classes + k]));
    }
    for (std::size_t k = 0; k < classes; ++k) {
      const long double log_p =
          static_cast<long double>(logits.data()[row * classes + k]) - std::log(total);
      const bool is_label = static_cast<std::size_t>(labels[row]) == k;
      loss -= (static_cast<long double>(smoothing) / static_cast<long double>(classes) +
               (is_label ? 1 - static_cast<long double>(smoothing) : 0)) *
              log_p;
    }
  }
  return static_cast<double>(loss / static_cast<long double>(labels.size()));
}

TEST_CASE("a hand-worked batch: probabilities 1/8 and 1/4 of the labels") {
  const std::vector<float> values = {0.0F, std::log(2.0F), std::log(5.0F),
                                     0.0F, 0.0F,           std::log(2.0F)};
  const Tensor logits(Shape{2, 3}, values);
  const std::vector<std::int32_t> labels = {0, 1};
  Tensor gradient;
  const CrossEntropyResult result = softmax_cross_entropy(logits, labels, 0, 2, &gradient);
  CHECK(result.loss == doctest::Approx((std::log(8.0) + std::log(4.0)) / 2).epsilon(1e-7));
  CHECK(result.correct == 0);
  const std::vector<double> expected = {-0.875, 0.25, 0.625, 0.25, -0.75, 0.5};
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(static_cast<double>(gradient.data()[i]) == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

TEST_CASE("equal logits lose log(classes), and count as correct for the first class only") {
  const Tensor logits(Shape{2, 4}, 1.5F);
  const std::vector<std::int32_t> labels = {0, 3};
  const CrossEntropyResult result = softmax_cross_entropy(logits, labels, 0.3, 1, nullptr);
  CHECK(result.loss == doctest::Approx(std::log(4.0)).epsilon(1e-15));
  CHECK(result.correct == 1);
}

TEST_CASE("loss and gradient agree with the definition and its central differences") {
  for (const double smoothing : {0.0, 0.1, 1.0}) {
    for (const std::int64_t classes : {1, 2, 10, 37}) {
      INFO("smoothing " << smoothing << ", " << classes << " classes");
      Tensor logits = random_logits(6, classes);
      const std::vector<std::int32_t> labels = random_labels(6, classes);
      Tensor gradient;
      const double loss = softmax_cross_entropy(logits, labels, smoothing, 1, &gradient).loss;
      CHECK(std::fabs(loss - reference_loss(logits, labels, smoothing)) < 1e-6);
      for (std::size_t i = 0; i < logits.size(); ++i) {
        const float centre = logits.data()[i];
        const float step = 0x1p-7F;
        logits.data()[i] = centre + step;
        const float above = logits.data()[i];
        const double loss_above = reference_loss(logits, labels, smoothing);
        logits.data()[i] = centre - step;
        const double width = static_cast<double>(above) - static_cast<double>(logits.data()[i]);
        const double slope = (loss_above - reference_loss(logits, labels, smoothing)) / width;
        logits.data()[i] = centre;
        REQUIRE(std::fabs(static_cast<double>(gradient.data()[i]) - slope) < 2e-5);
      }
    }
  }
}

TEST_CASE("the gradient scale multiplies the gradient and leaves the loss") {
  const Tensor logits = random_logits(5, 10);
  const std::vector<std::int32_t> labels = random_labels(5, 10);
  Tensor plain;
  Tensor scaled;
  const CrossEntropyResult a = softmax_cross_entropy(logits, labels, 0.1, 1, &plain);
  const CrossEntropyResult b = softmax_cross_entropy(logits, labels, 0.1, 1024, &scaled);
  CHECK(a.loss == b.loss);
  CHECK(a.correct == b.correct);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(scaled.data()[i] == 1024 * plain.data()[i]);
  }
}

TEST_CASE("evaluation without a gradient gives the same loss, on any number of threads") {
  const Tensor logits = random_logits(700, 10);
  const std::vector<std::int32_t> labels = random_labels(700, 10);
  Tensor gradient_one;
  Tensor gradient_four;
  CrossEntropyResult one;
  CrossEntropyResult four;
  with_threads(1, [&] { one = softmax_cross_entropy(logits, labels, 0.1, 3, &gradient_one); });
  with_threads(4, [&] { four = softmax_cross_entropy(logits, labels, 0.1, 3, &gradient_four); });
  CHECK(one.loss == four.loss);
  CHECK(one.correct == four.correct);
  CHECK(std::equal(gradient_one.values().begin(), gradient_one.values().end(),
                   gradient_four.values().begin()));
  CHECK(softmax_cross_entropy(logits, labels, 0.1, 1, nullptr).loss == one.loss);
}

TEST_CASE("a diverged sample makes the loss NaN or infinite, and is not correct") {
  Tensor logits(Shape{2, 3}, 0.0F);
  const std::vector<std::int32_t> labels = {0, 0};
  logits.data()[1] = std::nanf("");
  CrossEntropyResult result = softmax_cross_entropy(logits, labels, 0, 1, nullptr);
  CHECK(std::isnan(result.loss));
  CHECK(result.correct == 1);
  logits.data()[1] = std::numeric_limits<float>::infinity();
  result = softmax_cross_entropy(logits, labels, 0, 1, nullptr);
  CHECK_FALSE(std::isfinite(result.loss));
  CHECK(result.correct == 1);
}

TEST_CASE("wrong shapes and labels are refused with what was found") {
  const std::vector<std::int32_t> labels = {0, 10};
  CHECK_THROWS_WITH_AS(
      softmax_cross_entropy(random_logits(2, 10), labels, 0, 1, nullptr),
      "label 10 of sample 1 is not one of the 10 classes that the network tells apart", Error);
  CHECK_THROWS_WITH_AS(softmax_cross_entropy(random_logits(3, 10), labels, 0, 1, nullptr),
                       "2 labels for logits of shape [3, 10]", Error);
  CHECK_THROWS_WITH_AS(
      softmax_cross_entropy(Tensor(Shape{2, 10, 3, 3}, 0.0F), labels, 0, 1, nullptr),
      "logits must be [batch, classes]; their shape is [2, 10, 3, 3]", Error);
}

}  // namespace
}  // namespace mantissa
