#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "data/dataset.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

// Enough pixels for a task to cost more than its scheduling (about 10 us).
constexpr std::int64_t kPixelsPerTask = 1 << 15;

/// value = pixel * scale + offset.
struct Affine {
  float scale = 1;
  float offset = 0;
};

std::vector<Affine> affine_by_channel(const Normalization& normalization) {
  std::vector<Affine> result;
  for (std::size_t channel = 0; channel < normalization.mean.size(); ++channel) {
    const double deviation = double{normalization.standard_deviation[channel]};
    result.push_back({static_cast<float>(1 / (255 * deviation)),
                      static_cast<float>(-double{normalization.mean[channel]} / deviation)});
  }
  return result;
}

void convert(const std::uint8_t* pixels, std::int64_t count, Affine affine, float* values) {
  for (std::int64_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(pixels[i]) * affine.scale + affine.offset;
  }
}

/// `last` is the pixel that becomes values[0]; the source is read backwards.
void convert_mirrored(const std::uint8_t* last, std::int64_t count, Affine affine, float* values) {
  for (std::int64_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(last[-i]) * affine.scale + affine.offset;
  }
}

/// What happens to one image: moved by (down, right) after it was mirrored or not.
struct Change {
  std::int64_t down = 0;
  std::int64_t right = 0;
  bool mirrored = false;
};

/// One block of random words for each sample, so that a sample's change is the same wherever in a
/// batch it stands.
Change draw_change(const Augmentation& augmentation, RandomKey key, std::int32_t sample) {
  const std::uint64_t word = 4 * static_cast<std::uint64_t>(sample);
  const auto choices = static_cast<std::uint32_t>(2 * augmentation.max_shift + 1);
  Change change;
  change.down = std::int64_t{random_below(key, word, choices)} - augmentation.max_shift;
  change.right = std::int64_t{random_below(key, word + 1, choices)} - augmentation.max_shift;
  change.mirrored = augmentation.flip && (random_bits(key, word + 2) & 1) != 0;
  return change;
}

/// Writes one channel of one image, changed; what moves in is black (pixel 0).
void convert_changed(const std::uint8_t* plane, std::int64_t height, std::int64_t width,
                     const Change& change, Affine affine, float* values) {
  const std::int64_t begin = std::clamp<std::int64_t>(change.right, 0, width);
  const std::int64_t end = std::clamp<std::int64_t>(width + change.right, begin, width);
  for (std::int64_t y = 0; y < height; ++y, values += width) {
    const std::int64_t source_y = y - change.down;
    if (source_y < 0 || source_y >= height) {
      std::fill_n(values, width, affine.offset);
      continue;
    }
    const std::uint8_t* row = plane + source_y * width;
    const std::int64_t source_x = begin - change.right;
    std::fill_n(values, begin, affine.offset);
    if (change.mirrored) {
      convert_mirrored(row + (width - 1 - source_x), end - begin, affine, values + begin);
    } else {
      convert(row + source_x, end - begin, affine, values + begin);
    }
    std::fill_n(values + end, width - end, affine.offset);
  }
}

/// How often each value stands among pixels [first, first + count) of the samples: exact, whatever
/// the order.
std::array<std::uint64_t, 256> count_pixels(const Dataset& dataset,
                                            std::span<const std::int32_t> samples,
                                            std::size_t first, std::size_t count) {
  // Four tables, because a run of equal pixels would wait for its own counter.
  std::array<std::array<std::uint64_t, 256>, 4> tables{};
  const auto stride = static_cast<std::size_t>(dataset.sample_shape.elements());
  for (const std::int32_t sample : samples) {
    assert(sample >= 0 && sample < dataset.samples());
    const std::uint8_t* pixels =
        dataset.pixels.data() + static_cast<std::size_t>(sample) * stride + first;
    for (std::size_t i = 0; i < count; ++i) ++tables[i % 4][pixels[i]];
  }
  for (std::size_t value = 0; value < 256; ++value) {
    tables[0][value] += tables[1][value] + tables[2][value] + tables[3][value];
  }
  return tables[0];
}

}  // namespace

Normalization measure_normalization(const Dataset& dataset, std::span<const std::int32_t> indices) {
  assert(!indices.empty());
  const auto channels = static_cast<std::size_t>(dataset.sample_shape[0]);
  const auto plane = static_cast<std::size_t>(dataset.sample_shape.elements(1, 3));
  const double samples = static_cast<double>(indices.size()) * static_cast<double>(plane);
  Normalization result;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const std::array<std::uint64_t, 256> counts =
        count_pixels(dataset, indices, channel * plane, plane);
    double sum = 0;
    double squares = 0;
    for (std::size_t value = 0; value < counts.size(); ++value) {
      sum += static_cast<double>(counts[value] * value);
      squares += static_cast<double>(counts[value] * value * value);
    }
    const double mean = sum / samples;
    const double variance = std::max(0.0, squares / samples - mean * mean);
    result.mean.push_back(static_cast<float>(mean / 255));
    // A channel of one value has nothing to scale; dividing by zero would make it NaN.
    result.standard_deviation.push_back(variance > 0 ? static_cast<float>(std::sqrt(variance) / 255)
                                                     : 1.0F);
  }
  return result;
}

void gather(const Dataset& dataset, std::span<const std::int32_t> indices,
            const Normalization& normalization, const Augmentation& augmentation, RandomKey key,
            Tensor& batch) {
  assert(dataset.sample_shape.rank() == 3 && augmentation.max_shift >= 0);
  const std::int64_t channels = dataset.sample_shape[0];
  const std::int64_t height = dataset.sample_shape[1];
  const std::int64_t width = dataset.sample_shape[2];
  const std::int64_t plane = height * width;
  assert(std::ssize(normalization.mean) == channels);
  const std::vector<Affine> affine = affine_by_channel(normalization);
  const bool changes = augmentation.max_shift > 0 || augmentation.flip;
  batch.resize({std::ssize(indices), channels, height, width});
  float* const values = batch.data();

  const std::int64_t grain = std::max<std::int64_t>(1, kPixelsPerTask / (channels * plane));
  parallel_for(std::ssize(indices), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int32_t sample = indices[static_cast<std::size_t>(i)];
      assert(sample >= 0 && sample < dataset.samples());
      const Change change = changes ? draw_change(augmentation, key, sample) : Change{};
      for (std::int64_t channel = 0; channel < channels; ++channel) {
        const std::uint8_t* source = dataset.pixels.data() + (sample * channels + channel) * plane;
        float* target = values + (i * channels + channel) * plane;
        const Affine affine_here = affine[static_cast<std::size_t>(channel)];
        if (changes) {
          convert_changed(source, height, width, change, affine_here, target);
        } else {
          convert(source, plane, affine_here, target);
        }
      }
    }
  });
}

}  // namespace mantissa
