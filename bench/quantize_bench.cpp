// Quantising a tensor, beside copying it with memcpy, in one run and on one thread: a format costs
// nothing where the ratio is 1.

#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "kernels/scaled_quantize.h"
#include "numeric/mac.h"
#include "stopwatch.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

struct Row {
  const char* quantization;
  const char* method;
};

// Two rows for each way in which the kernels round, so that both the common and the costly case
// show.
constexpr Row kRows[] = {
    {"e4m3fn", "binary32"},
    {"fp16", "binary32"},
    {"q8.8", "binary32"},
    {"e4m3fn/rtz", "binary32"},
    {"e4m3fn/ro", "binary32"},
    {"e4m3fn/sr", "binary32"},
    {"bf16", "bits"},
    {"tf32/rup", "bits"},
    {"bf16/sr", "bits"},
    {"e8m7fnuz", "binary64"},
    {"q1.24", "binary64"},
    {"e8m7fnuz/sr", "binary64"},
    {"posit8", "binades"},
    {"posit16", "binades"},
    {"posit16/sr", "binades"},
    {"takumlin16", "binades"},
    {"unum2_3", "binades"},
    {"takum8", "logarithms"},
    {"takum16", "logarithms"},
    {"takum16/rtz", "logarithms"},
    {"takum16/sr", "logarithms"},
    {"lns4.3", "logarithms"},
    {"lns8.7", "logarithms"},
    {"lns5.10", "logarithms"},
    {"mxfp8e4m3", "blocks"},
    {"mxfp4/sr", "blocks"},
    {"nvfp4", "blocks"},
    {"bfp8b16", "blocks"},
    {"int8", "tensor"},
    {"int8c", "channels"},
    {"int8p2", "tensor"},
};

void compare(std::size_t count) {
  constexpr std::int64_t kColumns = 1024;  // blocks and channels lie along them
  const Shape shape = {static_cast<std::int64_t>(count) / kColumns, kColumns};
  Tensor source(shape);
  for (std::size_t i = 0; i < count; ++i)
    source.data()[i] = static_cast<float>(random_normal({1}, i % 65536));
  Tensor destination(shape);
  std::vector<std::function<void()>> candidates;
  candidates.emplace_back(
      [&] { std::memcpy(destination.data(), source.data(), count * sizeof(float)); });
  for (const Row& row : kRows) {
    candidates.emplace_back([&, quantization = parse_quantization(row.quantization)] {
      if (quantization.scaling.scales()) {
        quantize_scaled(source, destination, quantization, {1, 0}, {7}, max_magnitude(source));
      } else {
        quantize(source.values(), destination.values(), quantization, {7});
      }
    });
  }
  const std::vector<double> times = bench::shortest_times(candidates);
  std::printf("\n%zu elements (%zu KiB)\n%-14s %-9s %12s %14s\n", count,
              count * sizeof(float) / 1024, "format", "method", "G elements/s", "of memcpy");
  const double elements = static_cast<double>(count) * 1e-9;
  std::printf("%-14s %-9s %12.2f %14.2f\n", "memcpy", "", elements / times[0], 1.0);
  for (std::size_t i = 1; i < times.size(); ++i) {
    std::printf("%-14s %-9s %12.2f %14.2f\n", kRows[i - 1].quantization, kRows[i - 1].method,
                elements / times[i], times[0] / times[i]);
  }
}

}  // namespace
}  // namespace mantissa

int main() {
  for (const std::size_t count :
       {std::size_t{4096}, std::size_t{65536}, std::size_t{1} << 20, std::size_t{1} << 24}) {
    mantissa::with_threads(1, [count] { mantissa::compare(count); });
  }
}
