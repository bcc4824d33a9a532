// Gathering batches: pixels a second, beside a copy of as many bytes (a byte read and four written
// for each pixel).

#include <cstdio>
#include <cstring>
#include <vector>

#include "data/dataset.h"
#include "stopwatch.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

Dataset random_dataset(std::int64_t samples, Shape sample_shape) {
  Dataset dataset;
  dataset.sample_shape = std::move(sample_shape);
  dataset.classes = 10;
  for (std::int64_t i = 0; i < samples; ++i) {
    dataset.labels.push_back(static_cast<std::int32_t>(i % 10));
  }
  const auto pixels = static_cast<std::uint64_t>(samples * dataset.sample_shape.elements());
  for (std::uint64_t i = 0; i < pixels; ++i) {
    dataset.pixels.push_back(static_cast<std::uint8_t>(i * i >> 5));
  }
  return dataset;
}

void measure(const char* name, const Shape& sample_shape) {
  const Dataset dataset = random_dataset(20000, sample_shape);
  const std::vector<std::int32_t> order = shuffled(dataset.samples(), RandomKey{1});
  const std::span<const std::int32_t> batch_indices = std::span(order).first(512);
  const Normalization normalization = measure_normalization(dataset, batch_indices);
  Tensor batch;
  gather(dataset, batch_indices, normalization, {}, {}, batch);
  std::vector<float> from(batch.size());
  std::vector<float> to(batch.size());
  const std::vector<double> times = bench::shortest_times({
      [&] { gather(dataset, batch_indices, normalization, {}, {}, batch); },
      [&] {
        gather(dataset, batch_indices, normalization, {4, true}, {}, batch);
      },
      [&] { std::memcpy(to.data(), from.data(), from.size() * sizeof(float) * 5 / 8); },
  });
  const double pixels = static_cast<double>(batch.size()) * 1e-9;
  std::printf("%-16s %10.2f %20.2f %10.2f\n", name, pixels / times[0], pixels / times[1],
              pixels / times[2]);
}

}  // namespace
}  // namespace mantissa

int main() {
  using mantissa::Shape;
  std::printf("batches of 512 on one thread, 10^9 pixels a second\n%-16s %10s %20s %10s\n",
              "samples", "gather", "with shift and flip", "memcpy");
  mantissa::with_threads(1, [] {
    mantissa::measure("[1, 28, 28]", Shape{1, 28, 28});
    mantissa::measure("[3, 32, 32]", Shape{3, 32, 32});
    mantissa::measure("[3, 96, 96]", Shape{3, 96, 96});
  });
}
