#include <algorithm>
#include <cassert>

#include "data/dataset.h"
#include "data/reader.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

/// Where an output pixel lies between two input pixels, as an exact fraction of 2 * outputs.
struct Tap {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::uint64_t low_weight = 0;
  std::uint64_t high_weight = 0;
};

/// Pixel centres aligned: output i's centre lies at (i + 1/2) * inputs / outputs - 1/2 in input
/// pixels, held inside [0, inputs - 1].
std::vector<Tap> make_taps(std::int64_t inputs, std::int64_t outputs) {
  std::vector<Tap> taps;
  const std::int64_t unit = 2 * outputs;
  for (std::int64_t i = 0; i < outputs; ++i) {
    const std::int64_t position =
        std::clamp<std::int64_t>((2 * i + 1) * inputs - outputs, 0, (inputs - 1) * unit);
    const std::int64_t low = position / unit;
    const auto high_weight = static_cast<std::uint64_t>(position % unit);
    taps.push_back({low, std::min(low + 1, inputs - 1),
                    static_cast<std::uint64_t>(unit) - high_weight, high_weight});
  }
  return taps;
}

void resize_plane(const std::uint8_t* source, std::int64_t source_width,
                  const std::vector<Tap>& rows, const std::vector<Tap>& columns,
                  std::uint8_t* target) {
  const std::uint64_t unit = std::uint64_t{4} * rows.size() * columns.size();
  for (const Tap& row : rows) {
    const std::uint8_t* upper = source + row.low * source_width;
    const std::uint8_t* lower = source + row.high * source_width;
    for (const Tap& column : columns) {
      const std::uint64_t top =
          upper[column.low] * column.low_weight + upper[column.high] * column.high_weight;
      const std::uint64_t bottom =
          lower[column.low] * column.low_weight + lower[column.high] * column.high_weight;
      const std::uint64_t sum = top * row.low_weight + bottom * row.high_weight;
      *target++ = static_cast<std::uint8_t>((sum + unit / 2) / unit);
    }
  }
}

}  // namespace

Dataset resized(const Dataset& dataset, std::int64_t height, std::int64_t width) {
  assert(dataset.sample_shape.rank() == 3 && height > 0 && width > 0);
  Dataset result;
  result.name = dataset.name;
  result.sample_shape = {dataset.sample_shape[0], height, width};
  result.classes = dataset.classes;
  result.class_names = dataset.class_names;
  result.labels = dataset.labels;
  const std::int64_t planes = dataset.samples() * dataset.sample_shape[0];
  const std::int64_t source_plane = dataset.sample_shape.elements(1, 3);
  const std::int64_t target_plane = height * width;
  result.pixels.resize(static_cast<std::size_t>(planes * target_plane));

  const std::vector<Tap> rows = make_taps(dataset.sample_shape[1], height);
  const std::vector<Tap> columns = make_taps(dataset.sample_shape[2], width);
  parallel_for(planes, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      resize_plane(dataset.pixels.data() + i * source_plane, dataset.sample_shape[2], rows, columns,
                   result.pixels.data() + i * target_plane);
    }
  });
  seal(result);
  return result;
}

}  // namespace mantissa
