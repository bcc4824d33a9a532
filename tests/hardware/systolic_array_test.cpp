#include "hardware/systolic_array.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "fake_network.h"
#include "support/error.h"
#include "support/files.h"
#include "support/random.h"
#include "support/text.h"

using namespace mantissa;

namespace {

constexpr double kLeakage = 200;  // pJ a cycle, about that of the 16 x 16 machine

Operand operand(double elements, double bits) {
  return {
      .elements = elements, .dram_bits = bits, .dram_reread_bits = bits, .scratchpad_bits = bits};
}

/// A dense product in which nothing repeats.
ArrayProduct dense(const ProductShape& shape, double a_bits, double b_bits, double result_bits,
                   double accumulator_bits) {
  const auto count = [](std::int64_t x, std::int64_t y) { return static_cast<double>(x * y); };
  return {.shape = shape,
          .a = operand(count(shape.m, shape.k) * static_cast<double>(shape.count), a_bits),
          .b = operand(count(shape.k, shape.n) * static_cast<double>(shape.count), b_bits),
          .result_elements = count(shape.m, shape.n) * static_cast<double>(shape.count),
          .result_bits = result_bits,
          .accumulator_bits = accumulator_bits,
          .arithmetic_pj = static_cast<double>(shape.macs())};
}

double energy_delay(const ArrayProduct& product, const ArraySchedule& schedule,
                    const TilePrices& prices) {
  return (product.arithmetic_pj + schedule_energy_pj(schedule, prices)) * schedule.latency_cycles;
}

}  // namespace

TEST_CASE("cycles of a stall-free product are those of SCALE-Sim v3's weight-stationary formula") {
  // folds (2R + C + T - 2) - 1, worked by hand:
  // 16 x 16, M = 100, N = 16, K = 16: 1 fold, 32 + 16 + 100 - 2 = 146, less 1.
  CHECK(weight_stationary_cycles(16, 16, {100, 16, 16, 1}) == 145);
  // N = 17 and K = 33: 2 x 3 folds of 146.
  CHECK(weight_stationary_cycles(16, 16, {100, 17, 33, 1}) == 6 * 146 - 1);
  // An 8 x 32 array: 16 + 32 + 100 - 2 = 146 again; ceil(33 / 8) ceil(17 / 32) = 5 folds.
  CHECK(weight_stationary_cycles(8, 32, {100, 17, 33, 1}) == 5 * 146 - 1);
  CHECK(weight_stationary_cycles(16, 16, {1, 1, 1, 1}) == 46);
  CHECK(weight_stationary_cycles(16, 16, {100, 16, 16, 3}) == 3 * 145);
  CHECK(weight_stationary_cycles(16, 16, {0, 16, 16, 1}) == 0);
}

TEST_CASE("a product that fits in one tile is read once and costs what the hand says") {
  // M = 64, N = 32, K = 48 in 8-bit operands with 32-bit sums and 8-bit results, on 16 x 16 at 8
  // GB/s and 1 GHz (64 bits a cycle). 3 x 2 = 6 folds of 2*16 + 16 + 64 - 2 = 110 cycles: 659. A
  // holds 3072, B 1536, C 2048 elements; 4608 bytes of operands and 8 KiB of sums fit into half of
  // 256 KiB and half of 64 KiB, so each is moved once: (3072 + 1536 + 2048) x 8 bits = 53,248 bits
  // = 832 cycles: memory-bound. Exposed: the first 16 x 16 of A and of B and the last 16 x 16 of C,
  // 768 bytes, 96 cycles. One tile costs 800 cycles. 832 + 96 + 800 = 1728.
  // Scratchpad: written 4608 bytes; read: A once for each of 2 output folds (6144), B once (1536):
  // 12,288 bytes. Accumulators: 2048 sums x 3 reduction folds, each written, and read twice less
  // once, and once to leave: 2 x 3 x 2048 x 32 bits. Registers: 98,304 MACs clock 8 + 32 bits; each
  // of 1536 stationary operands shifts through (16 + 1) / 2 rows.
  Accelerator accelerator = fake::gemmini();
  const TilePrices prices = tile_prices(accelerator, kLeakage);
  const ArrayProduct product = dense({64, 32, 48, 1}, 8, 8, 8, 32);
  const ArraySchedule schedule = schedule_product(product, accelerator, prices);
  CHECK_FALSE(schedule.transposed);
  CHECK(schedule.tiles == 1);
  CHECK(schedule.tile_m == 64);
  CHECK(schedule.tile_n == 32);
  CHECK(schedule.tile_k == 48);
  CHECK(schedule.compute_cycles == weight_stationary_cycles(16, 16, product.shape));
  CHECK(schedule.compute_cycles == 659);
  CHECK(schedule.dram_bits == 53248);
  CHECK(schedule.memory_cycles == 832);
  CHECK(schedule.latency_cycles == 1728);
  CHECK(schedule.scratchpad_bits == 12288 * 8);
  CHECK(schedule.accumulator_bits == 2 * 3 * 2048 * 32);
  CHECK(schedule.register_bits == 98304 * 40 + 1536 * 8 * 8.5);
}

TEST_CASE(
    "a product larger than the memories is read again, and never less than the operands once") {
  const Accelerator accelerator = fake::gemmini();
  const TilePrices prices = tile_prices(accelerator, kLeakage);
  // 4096 x 4096 x 4096 in 32 bits: 64 MiB an operand against 128 KiB of double-buffered scratchpad.
  const ArrayProduct product = dense({4096, 4096, 4096, 1}, 32, 32, 32, 32);
  const ArraySchedule schedule = schedule_product(product, accelerator, prices);
  const double once = 3.0 * 4096 * 4096 * 32;
  CHECK(schedule.dram_bits > once);
  // Tiles respect half the scratchpad and half the accumulator memory.
  const auto m = static_cast<double>(schedule.tile_m);
  const auto n = static_cast<double>(schedule.tile_n);
  const auto k = static_cast<double>(schedule.tile_k);
  CHECK((m * k + k * n) * 32 <= 256.0 * 1024 * 8 / 2);
  CHECK(m * n * 32 <= 64.0 * 1024 * 8 / 2);
  const ArraySchedule half =
      schedule_product(dense({4096, 4096, 4096, 1}, 16, 16, 16, 32), accelerator, prices);
  CHECK(half.dram_bits < schedule.dram_bits);
  CHECK(half.latency_cycles < schedule.latency_cycles);
}

TEST_CASE("more memory, more bandwidth or less overhead never make a product worse") {
  const Accelerator accelerator = fake::gemmini();
  const ArrayProduct product = dense({3000, 300, 900, 1}, 16, 16, 16, 32);
  const auto score = [&](const Accelerator& machine) {
    const TilePrices prices = tile_prices(accelerator, kLeakage);
    return energy_delay(product, schedule_product(product, machine, prices), prices);
  };
  Accelerator larger = accelerator;
  larger.scratchpad.kibibytes *= 2;
  CHECK(score(larger) <= score(accelerator));
  Accelerator faster = accelerator;
  faster.dram_gb_per_second *= 2;
  CHECK(score(faster) < score(accelerator));
  Accelerator quicker = accelerator;
  quicker.tile_overhead_cycles = 0;
  CHECK(score(quicker) < score(accelerator));
}

TEST_CASE("products are memory-bound or compute-bound as their intensity says") {
  const Accelerator accelerator = fake::gemmini();
  const TilePrices prices = tile_prices(accelerator, kLeakage);
  // A vector times a matrix uses each weight once.
  const ArraySchedule thin =
      schedule_product(dense({1, 1024, 1024, 1}, 32, 32, 32, 32), accelerator, prices);
  CHECK(thin.memory_cycles > thin.compute_cycles);
  const ArraySchedule thick =
      schedule_product(dense({8192, 64, 1024, 1}, 8, 8, 8, 32), accelerator, prices);
  CHECK(thick.compute_cycles > thick.memory_cycles);
}

TEST_CASE("im2col repeats elements on chip, not in DRAM") {
  const Accelerator accelerator = fake::gemmini();
  const TilePrices prices = tile_prices(accelerator, kLeakage);
  ArrayProduct unfolded = dense({784, 16, 144, 1}, 8, 8, 8, 32);
  ArrayProduct folded = unfolded;
  folded.a.elements /= 9;  // 3 x 3 windows
  const ArraySchedule repeated = schedule_product(unfolded, accelerator, prices);
  const ArraySchedule shared = schedule_product(folded, accelerator, prices);
  CHECK(shared.dram_bits == repeated.dram_bits - 784 * 144 * 8 * 8 / 9);
  CHECK(shared.compute_cycles <= repeated.compute_cycles);
}

TEST_CASE("a depthwise convolution uses one column of the array") {
  // 32 groups, each [784 x 9] times [9 x 1]: 9 of 16 rows and 1 of 16 columns work, at best 9 / 256
  // of the array.
  const Accelerator accelerator = fake::gemmini();
  const ArrayProduct product = dense({784, 1, 9, 32}, 8, 8, 8, 32);
  const ArraySchedule schedule =
      schedule_product(product, accelerator, tile_prices(accelerator, kLeakage));
  CHECK(schedule.compute_cycles == weight_stationary_cycles(16, 16, product.shape));
  const double utilization =
      static_cast<double>(product.shape.macs()) / (256 * schedule.compute_cycles);
  CHECK(utilization < 9.0 / 256);
  CHECK(utilization > 8.0 / 256);
}

TEST_CASE("a product may be turned so that the longer side streams") {
  // [8 x 64] [64 x 4096]: 4 x 256 folds of 8 streamed rows as it stands, 4 folds of 4096 when
  // turned.
  const Accelerator accelerator = fake::gemmini();
  const ArraySchedule schedule = schedule_product(dense({8, 4096, 64, 1}, 8, 8, 8, 32), accelerator,
                                                  tile_prices(accelerator, kLeakage));
  CHECK(schedule.transposed);
  CHECK(schedule.compute_cycles <
        5 * static_cast<double>(weight_stationary_cycles(16, 16, {4096, 8, 64, 1})));
  CHECK(schedule.compute_cycles <
        0.5 * static_cast<double>(weight_stationary_cycles(16, 16, {8, 4096, 64, 1})));
}

TEST_CASE("nothing to do costs nothing") {
  const Accelerator accelerator = fake::gemmini();
  const ArraySchedule schedule = schedule_product(dense({0, 16, 16, 1}, 8, 8, 8, 32), accelerator,
                                                  tile_prices(accelerator, kLeakage));
  CHECK(schedule.tiles == 0);
  CHECK(schedule.latency_cycles == 0);
  CHECK(schedule.dram_bits == 0);
}

TEST_CASE("a machine whose memories hold not even one fold is refused") {
  Accelerator accelerator = fake::gemmini();
  accelerator.scratchpad.kibibytes = 0.5;
  CHECK_THROWS_AS(schedule_product(dense({64, 64, 64, 1}, 32, 32, 32, 32), accelerator,
                                   tile_prices(accelerator, kLeakage)),
                  Error);
}

namespace {

/// Random shapes and widths; `wide` is `narrow` with some widths grown.
struct WidthPair {
  ArrayProduct narrow;
  ArrayProduct wide;
};

WidthPair random_pair(RandomSequence& random) {
  const auto extent = [&random](double octaves) {
    return 1 + static_cast<std::int64_t>(std::exp2(random.uniform() * octaves));
  };
  const ProductShape shape{extent(14), extent(9), extent(11), 1};
  std::array<double, 4> bits{};
  std::array<double, 4> grown{};
  for (std::size_t i = 0; i < bits.size(); ++i) {
    bits[i] = 4 + random.below(29);
    grown[i] = random.below(2) == 0 ? bits[i] : std::min(32.0, bits[i] + random.below(29));
  }
  WidthPair pair{dense(shape, bits[0], bits[1], bits[2], bits[3]),
                 dense(shape, grown[0], grown[1], grown[2], grown[3])};
  if (random.below(2) == 0) {
    pair.narrow.a.elements /= 9;
    pair.wide.a.elements /= 9;
  }
  return pair;
}

}  // namespace

TEST_CASE("energy times latency never falls when a width grows, whatever tiles that changes") {
  for (const std::string& name : accelerator_file_names()) {
    const Accelerator accelerator = load_accelerator(fake::accelerator_path(name));
    const TilePrices prices = tile_prices(accelerator, kLeakage);
    RandomSequence random(RandomKey{7});
    int cheaper = 0;
    for (int trial = 0; trial < 1000; ++trial) {
      CAPTURE(trial);
      const WidthPair pair = random_pair(random);
      const ArraySchedule narrow = schedule_product(pair.narrow, accelerator, prices);
      const ArraySchedule wide = schedule_product(pair.wide, accelerator, prices);
      REQUIRE(energy_delay(pair.wide, wide, prices) >=
              energy_delay(pair.narrow, narrow, prices) * (1 - 1e-12));
      const bool less_energy =
          schedule_energy_pj(wide, prices) < schedule_energy_pj(narrow, prices) * (1 - 1e-12);
      const bool less_time = wide.latency_cycles < narrow.latency_cycles * (1 - 1e-12);
      if (less_energy || less_time) ++cheaper;
    }
    std::printf("%s: wider but better in one of energy and latency in %d of 1000 random products\n",
                name.c_str(), cheaper);
    CHECK(cheaper <= 50);
  }
}

namespace {

struct RtlRow {
  ArrayProduct product;
  double auto_cycles = 0;    ///< Gemmini's own tiling
  double mapped_cycles = 0;  ///< a tiling found by search
};

/// Columns C, K, N, P, Q, R, S, strides; the last two are cycle counts. 8-bit operands and results,
/// 32-bit sums.
std::vector<RtlRow> read_rtl(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::string line;
  std::getline(lines, line);  // header
  std::vector<RtlRow> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = split(line, ',');
    std::array<std::int64_t, 9> size{};
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = std::stoll(cells[i]);
    const auto [c, k, n, p, q, r, s, stride_h, stride_w] = size;
    RtlRow row;
    row.product = dense({n * p * q, k, c * r * s, 1}, 8, 8, 8, 32);
    row.product.a.elements =
        static_cast<double>(n * c * ((p - 1) * stride_h + r) * ((q - 1) * stride_w + s));
    row.auto_cycles = std::stod(cells[cells.size() - 2]);
    row.mapped_cycles = std::stod(cells[cells.size() - 1]);
    rows.push_back(row);
  }
  return rows;
}

/// Ranks from 0, ties share their mean.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (const double value : values) {
    const auto below = std::count_if(values.begin(), values.end(),
                                     [value](double other) { return other < value; });
    const auto equal = std::count(values.begin(), values.end(), value);
    ranks.push_back(static_cast<double>(below) + static_cast<double>(equal - 1) / 2);
  }
  return ranks;
}

double spearman(const std::vector<double>& x, const std::vector<double>& y) {
  const std::vector<double> rank_x = ranks(x);
  const std::vector<double> rank_y = ranks(y);
  const double mean = static_cast<double>(x.size() - 1) / 2;
  double covariance = 0;
  double variance_x = 0;
  double variance_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    covariance += (rank_x[i] - mean) * (rank_y[i] - mean);
    variance_x += (rank_x[i] - mean) * (rank_x[i] - mean);
    variance_y += (rank_y[i] - mean) * (rank_y[i] - mean);
  }
  return covariance / std::sqrt(variance_x * variance_y);
}

double mean_absolute_percentage_error(const std::vector<double>& model,
                                      const std::vector<double>& truth) {
  double sum = 0;
  for (std::size_t i = 0; i < model.size(); ++i) sum += std::abs(model[i] / truth[i] - 1);
  return 100 * sum / static_cast<double>(model.size());
}

}  // namespace

namespace {

struct Agreement {
  double own_spearman = 0;
  double searched_spearman = 0;
};

Agreement compare_with_rtl(const char* what, const Accelerator& accelerator,
                           const std::vector<RtlRow>& rows) {
  const TilePrices prices = tile_prices(accelerator, kLeakage);
  std::vector<double> model;
  std::vector<double> own_tiling;
  std::vector<double> searched_tiling;
  for (const RtlRow& row : rows) {
    model.push_back(schedule_product(row.product, accelerator, prices).latency_cycles);
    own_tiling.push_back(row.auto_cycles);
    searched_tiling.push_back(row.mapped_cycles);
  }
  const Agreement agreement{spearman(model, own_tiling), spearman(model, searched_tiling)};
  std::printf(
      "Gemmini RTL, %zu rows, %s: own tiling Spearman %.3f, mean absolute error %.1f %%; searched "
      "tiling %.3f, %.1f %%\n",
      model.size(), what, agreement.own_spearman, mean_absolute_percentage_error(model, own_tiling),
      agreement.searched_spearman, mean_absolute_percentage_error(model, searched_tiling));
  return agreement;
}

}  // namespace

TEST_CASE("modelled latency ranks layers as Gemmini's RTL does") {
  const char* const folder = std::getenv("MANTISSA_TEST_DATA");  // NOLINT(concurrency-mt-unsafe)
  if (folder == nullptr || *folder == '\0') {
    MESSAGE("skipped: MANTISSA_TEST_DATA is not set, so there are no RTL cycle counts");
    return;
  }
  const std::vector<RtlRow> rows = read_rtl(std::string(folder) + "/gemmini/rtl_cycles_16x16.csv");
  REQUIRE(rows.size() >= 100);
  const Agreement shipped = compare_with_rtl("as shipped", fake::gemmini(), rows);
  CHECK(shipped.own_spearman >= 0.9);
  CHECK(shipped.searched_spearman >= 0.9);
  // What the two fitted figures are worth: the bus's peak bandwidth and free tiles rank worse.
  Accelerator unfitted = fake::gemmini();
  unfitted.dram_gb_per_second = 16;
  unfitted.tile_overhead_cycles = 0;
  const Agreement peak = compare_with_rtl("peak bandwidth, no tile overhead", unfitted, rows);
  CHECK(peak.own_spearman >= 0.9);
  CHECK(shipped.own_spearman > peak.own_spearman);
  CHECK(shipped.searched_spearman > peak.searched_spearman);
}
