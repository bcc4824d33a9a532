#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <doctest/doctest.h>

#include "data/dataset.h"
#include "support/error.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

/// `samples` images of random pixels, labels drawn with unequal weights.
Dataset random_dataset(std::int64_t samples, const Shape& sample_shape, std::int64_t classes,
                       RandomKey key) {
  Dataset dataset;
  dataset.name = "random";
  dataset.sample_shape = sample_shape;
  dataset.classes = classes;
  RandomSequence random(key);
  for (std::int64_t i = 0; i < samples; ++i) {
    const double u = random.uniform();
    dataset.labels.push_back(static_cast<std::int32_t>(u * u * static_cast<double>(classes)));
  }
  for (std::int64_t i = 0; i < samples * sample_shape.elements(); ++i) {
    dataset.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return dataset;
}

const Normalization kPlain3 = {{0, 0, 0}, {1, 1, 1}};

TEST_CASE("gather without augmentation computes (pixel / 255 - mean) / deviation") {
  const Dataset dataset = random_dataset(9, {3, 5, 7}, 4, RandomKey{1});
  const Normalization normalization = {{0.1F, 0.5F, 0.9F}, {0.2F, 0.3F, 1.5F}};
  const std::vector<std::int32_t> indices = {8, 0, 3, 3};
  Tensor batch;
  gather(dataset, indices, normalization, {}, RandomKey{2}, batch);
  CHECK(batch.shape() == Shape{4, 3, 5, 7});
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::size_t channel = i / 35 % 3;
    const auto sample = static_cast<std::size_t>(indices[i / 105]);
    const double pixel = dataset.pixels[sample * 105 + i % 105];
    const double expected = (pixel / 255 - double{normalization.mean[channel]}) /
                            double{normalization.standard_deviation[channel]};
    CHECK(double{batch.data()[i]} == doctest::Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("measured normalisation makes the mean 0 and the variance 1") {
  const Dataset dataset = random_dataset(50, {2, 6, 6}, 4, RandomKey{3});
  const std::vector<std::int32_t> indices = shuffled(40, RandomKey{4});
  const Normalization normalization = measure_normalization(dataset, indices);
  Tensor batch;
  gather(dataset, indices, normalization, {}, {}, batch);
  for (std::size_t channel = 0; channel < 2; ++channel) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (i / 36 % 2 != channel) continue;
      sum += double{batch.data()[i]};
      squares += double{batch.data()[i]} * double{batch.data()[i]};
    }
    CHECK(sum / 1440 == doctest::Approx(0).epsilon(1e-4));
    CHECK(squares / 1440 == doctest::Approx(1).epsilon(1e-4));
  }
}

TEST_CASE("a channel of one value is normalised to zero, not to NaN") {
  Dataset dataset = random_dataset(4, {1, 3, 3}, 2, RandomKey{5});
  std::ranges::fill(dataset.pixels, std::uint8_t{77});
  const std::vector<std::int32_t> indices = {0, 1, 2, 3};
  Tensor batch;
  gather(dataset, indices, measure_normalization(dataset, indices), {}, {}, batch);
  for (const float value : batch.values()) CHECK(std::fabs(value) < 1e-6F);
}

/// The image that `down`, `right` and `mirrored` make of sample `sample`, one pixel at a time.
std::vector<float> changed(const Dataset& dataset, std::int32_t sample, std::int64_t down,
                           std::int64_t right, bool mirrored) {
  const std::int64_t height = dataset.sample_shape[1];
  const std::int64_t width = dataset.sample_shape[2];
  std::vector<float> result;
  for (std::int64_t channel = 0; channel < dataset.sample_shape[0]; ++channel) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t from_y = y - down;
        const std::int64_t unmirrored = x - right;
        const std::int64_t from_x = mirrored ? width - 1 - unmirrored : unmirrored;
        const bool inside = from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
        const std::int64_t at =
            ((sample * dataset.sample_shape[0] + channel) * height + from_y) * width + from_x;
        result.push_back(inside ? static_cast<float>(dataset.pixels[static_cast<std::size_t>(at)])
                                : 0.0F);
      }
    }
  }
  return result;
}

TEST_CASE(
    "augmentation gives every shift and flip of the image and nothing else, each about as often") {
  const Dataset dataset = random_dataset(400, {3, 4, 5}, 2, RandomKey{6});
  const Normalization pixels = {{0, 0, 0}, {1 / 255.0F, 1 / 255.0F, 1 / 255.0F}};
  std::vector<std::int32_t> indices(400);
  std::iota(indices.begin(), indices.end(), 0);
  Tensor batch;
  gather(dataset, indices, pixels, {1, true}, RandomKey{7}, batch);
  std::array<int, 18> seen{};
  for (std::int32_t sample = 0; sample < 400; ++sample) {
    const float* image = batch.data() + std::int64_t{sample} * 60;
    int matches = 0;
    for (int change = 0; change < 18; ++change) {
      const auto expected =
          changed(dataset, sample, change / 2 % 3 - 1, change / 6 - 1, change % 2 == 1);
      const bool same = std::equal(expected.begin(), expected.end(), image,
                                   [](float a, float b) { return std::fabs(a - b) < 0.01F; });
      matches += static_cast<int>(same);
      seen[static_cast<std::size_t>(change)] += static_cast<int>(same);
    }
    CHECK(matches == 1);
  }
  // 400 draws of 18 changes: 22.2 each, standard deviation 4.6.
  for (const int count : seen) CHECK(std::abs(count - 22) < 19);
}

TEST_CASE("a shift wider than the image leaves black") {
  const Dataset dataset = random_dataset(64, {3, 3, 2}, 2, RandomKey{8});
  std::vector<std::int32_t> indices(64);
  std::iota(indices.begin(), indices.end(), 0);
  Tensor batch;
  gather(dataset, indices, kPlain3, {50, true}, RandomKey{9}, batch);
  CHECK(std::ranges::count(batch.values(), 0.0F) > 64 * 18 * 3 / 4);
}

TEST_CASE(
    "a sample's augmentation depends on key and sample, not on its place, the batch or the "
    "threads") {
  const Dataset dataset = random_dataset(300, {3, 32, 32}, 2, RandomKey{10});
  const std::vector<std::int32_t> order = shuffled(300, RandomKey{11});
  Tensor whole;
  gather(dataset, order, kPlain3, {4, true}, RandomKey{12}, whole);
  for (const int threads : {1, 2}) {
    with_threads(threads, [&] {
      Tensor batch;
      for (std::size_t first = 0; first < 300; first += 70) {
        const std::size_t count = std::min<std::size_t>(70, 300 - first);
        gather(dataset, std::span(order).subspan(first, count), kPlain3, {4, true}, RandomKey{12},
               batch);
        CHECK(
            std::equal(batch.values().begin(), batch.values().end(), whole.data() + first * 3072));
      }
    });
  }
  Tensor other;
  gather(dataset, order, kPlain3, {4, true}, RandomKey{13}, other);
  CHECK(!std::equal(other.values().begin(), other.values().end(), whole.data()));
}

TEST_CASE("a shuffle is a permutation that depends on the key") {
  for (const std::int64_t count : {0, 1, 2, 17, 1000}) {
    std::vector<std::int32_t> order = shuffled(count, RandomKey{14});
    CHECK(order == shuffled(count, RandomKey{14}));
    if (count > 10) CHECK(order != shuffled(count, RandomKey{15}));
    std::ranges::sort(order);
    for (std::int64_t i = 0; i < count; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("every order of four is shuffled to about as often") {
  std::map<std::vector<std::int32_t>, int> seen;
  for (std::uint64_t trial = 0; trial < 24000; ++trial) ++seen[shuffled(4, RandomKey{trial})];
  CHECK(seen.size() == 24);
  // 24,000 draws of 24 orders: 1000 each, standard deviation 31.
  for (const auto& [order, count] : seen) CHECK(std::abs(count - 1000) < 160);
}

TEST_CASE("a split is disjoint and keeps each class's share to within one sample") {
  const Dataset dataset = random_dataset(1000, {1, 1, 1}, 7, RandomKey{16});
  for (const auto& [training, validation] :
       {std::pair{1, 1}, {1, 999}, {999, 1}, {500, 500}, {333, 100}, {7, 7}, {700, 123}}) {
    const Split parts = split(dataset, training, validation, RandomKey{17});
    CHECK(std::ssize(parts.training) == training);
    CHECK(std::ssize(parts.validation) == validation);
    std::set<std::int32_t> all(parts.training.begin(), parts.training.end());
    all.insert(parts.validation.begin(), parts.validation.end());
    CHECK(std::ssize(all) == training + validation);
    for (std::int32_t label = 0; label < 7; ++label) {
      const auto is_label = [&](std::int32_t sample) {
        return dataset.labels[static_cast<std::size_t>(sample)] == label;
      };
      const double share = static_cast<double>(std::ranges::count(dataset.labels, label)) / 1000;
      CHECK(std::fabs(static_cast<double>(std::ranges::count_if(parts.training, is_label)) -
                      training * share) <= 2);
      CHECK(std::fabs(static_cast<double>(std::ranges::count_if(parts.validation, is_label)) -
                      validation * share) <= 2);
    }
  }
}

TEST_CASE("an impossible split is refused with both numbers") {
  const Dataset dataset = random_dataset(10, {1, 1, 1}, 2, RandomKey{18});
  for (const auto& [training, validation] : {std::pair<std::int64_t, std::int64_t>{6, 5},
                                             {0, 5},
                                             {5, 0},
                                             {-1, 5},
                                             {11, 1},
                                             {INT64_MAX, INT64_MAX}}) {
    CHECK_THROWS_AS(split(dataset, training, validation, RandomKey{}), Error);
  }
}

TEST_CASE("resizing to the same size changes nothing") {
  const Dataset dataset = random_dataset(5, {3, 7, 4}, 2, RandomKey{19});
  CHECK(resized(dataset, 7, 4).pixels == dataset.pixels);
}

TEST_CASE("resizing agrees with bilinear interpolation in binary64") {
  const Dataset dataset = random_dataset(3, {2, 8, 6}, 2, RandomKey{20});
  for (const auto& [height, width] : {std::pair{28, 28}, {3, 5}, {1, 1}, {16, 12}, {8, 13}}) {
    const Dataset result = resized(dataset, height, width);
    CHECK(result.sample_shape == Shape{2, height, width});
    CHECK(result.labels == dataset.labels);
    std::size_t at = 0;
    for (std::size_t plane = 0; plane < 6; ++plane) {
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          const double v = std::clamp((y + 0.5) * 8 / height - 0.5, 0.0, 7.0);
          const double u = std::clamp((x + 0.5) * 6 / width - 0.5, 0.0, 5.0);
          const auto pixel = [&](double row, double column) {
            return static_cast<double>(
                dataset.pixels[plane * 48 + static_cast<std::size_t>(row) * 6 +
                               static_cast<std::size_t>(column)]);
          };
          const double y0 = std::floor(v);
          const double x0 = std::floor(u);
          const double y1 = std::min(y0 + 1, 7.0);
          const double x1 = std::min(x0 + 1, 5.0);
          const double top = pixel(y0, x0) * (1 - (u - x0)) + pixel(y0, x1) * (u - x0);
          const double bottom = pixel(y1, x0) * (1 - (u - x0)) + pixel(y1, x1) * (u - x0);
          const double expected = top * (1 - (v - y0)) + bottom * (v - y0);
          CHECK(std::fabs(static_cast<double>(result.pixels[at++]) - expected) <= 0.5 + 1e-9);
        }
      }
    }
  }
}

TEST_CASE("a resized data set has a hash of its own") {
  const Dataset dataset = random_dataset(5, {1, 4, 4}, 2, RandomKey{21});
  CHECK(resized(dataset, 8, 2).sha256 != resized(dataset, 2, 8).sha256);
  CHECK(resized(dataset, 8, 2).sha256.size() == 64);
}

}  // namespace
}  // namespace mantissa
