// The matrix product under each accumulator, beside the plain binary32 product and OpenBLAS's
// sgemm, in one run and on one thread. OPENBLAS_CORETYPE must be unset, or OpenBLAS may take
// kernels of an older CPU.

#include <cstdio>
#include <string>

#include <cblas.h>

#include "kernels/matmul.h"
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

void compare(const Sizes& sizes, const std::string& operands,
             const std::vector<std::string>& macs) {
  const std::vector<float> a = members(sizes.rows * sizes.depth, operands, {1});
  const std::vector<float> b = members(sizes.depth * sizes.columns, operands, {2});
  std::vector<float> c(static_cast<std::size_t>(sizes.rows * sizes.columns));
  const MatrixView left{a.data(), sizes.rows, sizes.depth, sizes.depth, 1};
  const MatrixView right{b.data(), sizes.depth, sizes.columns, sizes.columns, 1};
  std::vector<std::function<void()>> candidates;
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
    candidates.emplace_back(
        [&, mac = parse_mac(spelling)] { matmul(left, right, c.data(), sizes.columns, mac, {3}); });
  }
  const std::vector<double> times = bench::shortest_times(candidates);
  const double products = static_cast<double>(sizes.rows * sizes.depth * sizes.columns);
  std::printf("\nM=%ld K=%ld N=%ld, operands %s\n%-34s %9s %9s %9s\n", sizes.rows, sizes.depth,
              sizes.columns, operands.c_str(), "accumulator", "G MAC/s", "of plain", "of sgemm");
  for (std::size_t i = 0; i < times.size(); ++i) {
    std::printf("%-34s %9.2f %9.3f %9.3f\n",
                i == 0 ? "OpenBLAS sgemm" : (i == 1 ? "plain" : macs[i - 2].c_str()),
                products / times[i] * 1e-9, times[1] / times[i], times[0] / times[i]);
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
    compare(
        {64, 576, 1024}, "e4m3fn",
        {"fp32", "e5m10", "e5m10 product=e5m7", "e8m7", "e5m10/chunk64", "e5m10/sr", "e5m10/sr8"});
    for (const Sizes& sizes :
         {Sizes{512, 512, 512}, {64, 64, 10}, {64, 1024, 10}, {16, 144, 4096}, {256, 2304, 256}}) {
      compare(sizes, "fp32", {});
    }
  });
  return 0;
}
