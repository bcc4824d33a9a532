// The matrix product under each accumulator, beside the plain binary32 product and OpenBLAS's
// sgemm, in one run and on one thread. OPENBLAS_CORETYPE must be unset, or OpenBLAS may take
// kernels of an older CPU.

#include <bit>
#include <cmath>
#include <cstdio>
#include <string>

#include <cblas.h>

#include "kernels/matmul.h"
#include "peak.h"
#include "stopwatch.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

struct Sizes {
  std::int64_t rows;
  std::int64_t depth;
  std::int64_t columns;
};

std::vector<float> members(std::int64_t count, const std::string& format, RandomKey key) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(random_normal(key, i));
  }
  quantize(values, parse_quantization(format));
  return values;
}

/// One rounding to e5m10 as a straightforward emulator does it, for each number by itself.
float round_e5m10(float value) {
  const float magnitude = std::fabs(value);
  if (magnitude < 0x1p-14F) {
    constexpr float kAnchor = 0x1.8p-1F;  // its last place is 2^-24
    return value + kAnchor - kAnchor;
  }
  auto bits = std::bit_cast<std::uint32_t>(value);
  bits += 0xFFFU + (bits >> 13 & 1U);
  const float rounded = std::bit_cast<float>(bits & ~0x1FFFU);
  return std::fabs(rounded) > 65504.0F ? std::copysign(HUGE_VALF, value) : rounded;
}

/// What existing tools do: element by element, rounding after each product and each sum.
void emulate(const Sizes& sizes, const float* a, const float* b, float* c) {
  for (std::int64_t row = 0; row < sizes.rows; ++row) {
    for (std::int64_t column = 0; column < sizes.columns; ++column) {
      float sum = 0;
      for (std::int64_t k = 0; k < sizes.depth; ++k) {
        const float product = round_e5m10(a[row * sizes.depth + k] * b[k * sizes.columns + column]);
        sum = round_e5m10(sum + product);
      }
      c[row * sizes.columns + column] = sum;
    }
  }
}

constexpr const char* kEmulator = "scalar emulator, e5m10 product=e5m10";

void compare(const Sizes& sizes, const std::string& operands,
             const std::vector<std::string>& macs) {
  const std::vector<float> a = members(sizes.rows * sizes.depth, operands, {1});
  const std::vector<float> b = members(sizes.depth * sizes.columns, operands, {2});
  std::vector<float> c(static_cast<std::size_t>(sizes.rows * sizes.columns));
  const MatrixView left{a.data(), sizes.rows, sizes.depth, sizes.depth, 1};
  const MatrixView right{b.data(), sizes.depth, sizes.columns, sizes.columns, 1};
  std::vector<std::function<void()>> candidates;
  const std::int64_t count = sizes.rows * sizes.depth * sizes.columns;
  candidates.emplace_back([&] { bench::multiply_add_at_peak(count); });
  candidates.emplace_back([&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(sizes.rows),
                static_cast<int>(sizes.columns), static_cast<int>(sizes.depth), 1.0F, a.data(),
                static_cast<int>(sizes.depth), b.data(), static_cast<int>(sizes.columns), 0.0F,
                c.data(), static_cast<int>(sizes.columns));
  });
  // Operands of 24 bits, so that the plain kernel must serve.
  const std::vector<float> wide_a = members(sizes.rows * sizes.depth, "fp32", {1});
  const std::vector<float> wide_b = members(sizes.depth * sizes.columns, "fp32", {2});
  candidates.emplace_back([&] {
    const MatrixView wide_left{wide_a.data(), sizes.rows, sizes.depth, sizes.depth, 1};
    const MatrixView wide_right{wide_b.data(), sizes.depth, sizes.columns, sizes.columns, 1};
    matmul(wide_left, wide_right, c.data(), sizes.columns, {});
  });
  for (const std::string& spelling : macs) {
    if (spelling == kEmulator) {
      candidates.emplace_back([&] { emulate(sizes, a.data(), b.data(), c.data()); });
      continue;
    }
    candidates.emplace_back(
        [&, mac = parse_mac(spelling)] { matmul(left, right, c.data(), sizes.columns, mac, {3}); });
  }
  const std::vector<double> times = bench::shortest_times(candidates);
  std::vector<std::string> names = {"peak of fused multiply-adds", "OpenBLAS sgemm", "plain"};
  names.insert(names.end(), macs.begin(), macs.end());
  std::printf("\nM=%ld K=%ld N=%ld, operands %s\n%-40s %9s %9s %9s %9s\n", sizes.rows, sizes.depth,
              sizes.columns, operands.c_str(), "accumulator", "G MAC/s", "of plain", "of sgemm",
              "of peak");
  for (std::size_t i = 0; i < times.size(); ++i) {
    std::printf("%-40s %9.2f %9.3f %9.3f %9.3f\n", names[i].c_str(),
                static_cast<double>(count) / times[i] * 1e-9, times[2] / times[i],
                times[1] / times[i], times[0] / times[i]);
  }
}

}  // namespace
}  // namespace mantissa

int main(int argc, char** argv) {
  using namespace mantissa;
  openblas_set_num_threads(1);
  std::printf("OpenBLAS core type: %s\n", openblas_get_corename());
  with_threads(1, [&] {
    if (argc > 5) {
      compare({std::stol(argv[1]), std::stol(argv[2]), std::stol(argv[3])}, argv[4],
              {argv + 5, argv + argc});
      return;
    }
    const Sizes usual{64, 576, 1024};
    for (const Sizes& sizes : {usual, {256, 576, 16384}}) {
      compare(sizes, "e4m3fn", {"fp32"});
      compare(sizes, "q4.4", {"fp32", "exact"});
    }
    compare(usual, "e4m3fn",
            {"e5m10", "e8m7", "e4m3", "e5m10/sr", "e5m10 product=e5m7", "e5m10 product=e5m4",
             "fp32/chunk16:e5m10", "e5m10/chunk64", "e5m10/sr8", kEmulator});
    compare(usual, "fp16", {"e5m10", "e8m10", "q8.8", "e5m10 product=e5m10"});
    compare(usual, "fp32", {"e5m10", "e8m15", "fp32/chunk16:e5m10"});
    compare(usual, "posit8", {"posit8", "posit16"});
    compare(usual, "q4.4", {"exact multiplier=mitchell operands=q4.4"});
    for (const Sizes& sizes :
         {Sizes{512, 512, 512}, {64, 64, 10}, {64, 1024, 10}, {16, 144, 4096}, {256, 2304, 256}}) {
      compare(sizes, "fp32", {});
    }
  });
  return 0;
}
