#include "hardware/systolic_array.h"

#include <algorithm>
#include <utility>

#include "hardware/memory.h"
#include "support/error.h"

namespace mantissa {
namespace {

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// What of a product and a machine does not depend on the tiles. One group.
struct Problem {
  ArrayProduct product;  ///< of one group, A streamed
  bool transposed = false;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t folds = 0;
  double tile_overhead_cycles = 0;
  double scratchpad_bits = 0;   ///< half of it
  double accumulator_bits = 0;  ///< half of it
  double dram_bits_per_cycle = 0;
  double a_bits_per_step =
      0;  ///< scratchpad bits of A for one row and one reduction step, im2col folded back
  double b_bits_per_step = 0;
};

Problem make_problem(ArrayProduct product, bool transposed, const Accelerator& accelerator) {
  if (transposed) {
    std::swap(product.a, product.b);
    std::swap(product.shape.m, product.shape.n);
  }
  const auto groups = static_cast<double>(product.shape.count);
  product.a.elements /= groups;
  product.b.elements /= groups;
  product.result_elements /= groups;
  Problem problem;
  problem.product = product;
  problem.transposed = transposed;
  problem.rows = accelerator.rows;
  problem.columns = accelerator.columns;
  problem.folds = ceil_divide(product.shape.k, accelerator.rows) *
                  ceil_divide(product.shape.n, accelerator.columns);
  problem.tile_overhead_cycles = accelerator.tile_overhead_cycles;
  problem.scratchpad_bits = accelerator.scratchpad.kibibytes * 1024 * 8 / 2;
  problem.accumulator_bits = accelerator.accumulator_memory.kibibytes * 1024 * 8 / 2;
  problem.dram_bits_per_cycle = accelerator.dram_bits_per_cycle();
  const auto steps = [&product](std::int64_t extent) {
    return static_cast<double>(extent * product.shape.k);
  };
  problem.a_bits_per_step =
      product.a.scratchpad_bits * std::min(1.0, product.a.elements / steps(product.shape.m));
  problem.b_bits_per_step =
      product.b.scratchpad_bits * std::min(1.0, product.b.elements / steps(product.shape.n));
  return problem;
}

/// The most rows that fit beside the stationary tile, 0 if none does.
std::int64_t rows_that_fit(const Problem& problem, std::int64_t tile_n, std::int64_t tile_k) {
  const auto n = static_cast<double>(tile_n);
  const auto k = static_cast<double>(tile_k);
  const double room = problem.scratchpad_bits - n * k * problem.b_bits_per_step;
  const double by_scratchpad = room / (k * problem.a_bits_per_step);
  const double by_accumulators = problem.accumulator_bits / (n * problem.product.accumulator_bits);
  const double most =
      std::min({by_scratchpad, by_accumulators, static_cast<double>(problem.product.shape.m)});
  return most < 1 ? 0 : static_cast<std::int64_t>(most);
}

struct Passes {
  double a = 1;
  double b = 1;
  double spills = 0;  ///< times that the whole result is written and read again as partial sums
};

/// How often each operand passes for a tile order; nm, nn, nk tiles along m, n and k.
Passes passes_of(TileOrder order, std::int64_t nm, std::int64_t nn, std::int64_t nk) {
  const auto m = static_cast<double>(nm);
  const auto n = static_cast<double>(nn);
  const auto k = static_cast<double>(nk);
  switch (order) {
    case TileOrder::stationary_stays:
      return {.a = n, .b = 1, .spills = nm == 1 ? 0 : k - 1};
    case TileOrder::streamed_stays:
      return {.a = 1, .b = m, .spills = nn == 1 ? 0 : k - 1};
    default:
      return {.a = n, .b = m, .spills = 0};
  }
}

/// The whole product with the given tiles.
ArraySchedule evaluate(const Problem& problem, TileOrder order, std::int64_t tile_m,
                       std::int64_t tile_n, std::int64_t tile_k) {
  const ArrayProduct& product = problem.product;
  const std::int64_t nm = ceil_divide(product.shape.m, tile_m);
  const std::int64_t nn = ceil_divide(product.shape.n, tile_n);
  const std::int64_t nk = ceil_divide(product.shape.k, tile_k);
  const Passes passes = passes_of(order, nm, nn, nk);
  const auto m = static_cast<double>(product.shape.m);
  const auto n = static_cast<double>(product.shape.n);
  const auto k = static_cast<double>(product.shape.k);
  const auto groups = static_cast<double>(product.shape.count);
  const double results = m * n;
  const auto reduction_folds = static_cast<double>(ceil_divide(product.shape.k, problem.rows));
  const auto output_folds = static_cast<double>(ceil_divide(product.shape.n, problem.columns));
  const double read_a = product.a.elements * passes.a;
  const double read_b = product.b.elements * passes.b;

  ArraySchedule schedule;
  schedule.transposed = problem.transposed;
  schedule.order = order;
  schedule.tile_m = tile_m;
  schedule.tile_n = tile_n;
  schedule.tile_k = tile_k;
  schedule.tiles = nm * nn * nk * product.shape.count;
  schedule.dram_bits =
      groups *
      (product.a.elements * (product.a.dram_bits + (passes.a - 1) * product.a.dram_reread_bits) +
       product.b.elements * (product.b.dram_bits + (passes.b - 1) * product.b.dram_reread_bits) +
       product.result_elements * product.result_bits +
       results * 2 * passes.spills * product.accumulator_bits);
  const double loaded_bits = groups * n * k * static_cast<double>(nm) * product.b.scratchpad_bits;
  const double streamed_bits = groups * m * k * output_folds * product.a.scratchpad_bits;
  schedule.scratchpad_bits =
      groups * (read_a * product.a.scratchpad_bits + read_b * product.b.scratchpad_bits) +
      loaded_bits + streamed_bits;
  // Each MAC clocks a streamed operand and a partial sum; a stationary operand shifts through half
  // the rows to its place.
  schedule.register_bits =
      groups * m * n * k * (product.a.scratchpad_bits + product.accumulator_bits) +
      loaded_bits * static_cast<double>(problem.rows + 1) / 2;
  // Each reduction fold writes every partial sum, all but the first read it before, and the
  // finished sum is read once.
  schedule.accumulator_bits =
      groups * results * (2 * reduction_folds + 2 * passes.spills) * product.accumulator_bits;

  const auto overhead = static_cast<double>(2 * problem.rows + problem.columns - 2);
  schedule.compute_cycles =
      groups * (static_cast<double>(problem.folds) * (static_cast<double>(nm) * overhead + m) -
                static_cast<double>(nm * nn * nk));
  schedule.memory_cycles = schedule.dram_bits / problem.dram_bits_per_cycle;
  const auto first_rows = static_cast<double>(std::min(product.shape.m, problem.rows));
  const auto first_steps = static_cast<double>(std::min(product.shape.k, problem.rows));
  const auto last_columns = static_cast<double>(std::min(product.shape.n, problem.columns));
  const double exposed_bits = first_rows * first_steps * product.a.dram_bits +
                              first_steps * last_columns * product.b.dram_bits +
                              first_rows * last_columns * product.result_bits;
  schedule.latency_cycles = std::max(schedule.compute_cycles, schedule.memory_cycles) +
                            exposed_bits / problem.dram_bits_per_cycle +
                            static_cast<double>(schedule.tiles) * problem.tile_overhead_cycles;
  return schedule;
}

/// Keeps the schedule with the smallest product of energy and latency; of equals the first.
class Cheapest {
 public:
  Cheapest(const TilePrices& prices, double arithmetic_pj)
      : prices_(prices), arithmetic_pj_(arithmetic_pj) {}

  void offer(const ArraySchedule& schedule) {
    const double score =
        (arithmetic_pj_ + schedule_energy_pj(schedule, prices_)) * schedule.latency_cycles;
    if (found_ && score >= score_) return;
    found_ = true;
    score_ = score;
    best_ = schedule;
  }
  bool found() const { return found_; }
  const ArraySchedule& best() const { return best_; }

 private:
  const TilePrices& prices_;
  double arithmetic_pj_;
  bool found_ = false;
  double score_ = 0;
  ArraySchedule best_;
};

/// step, 2 step, 4 step ... and the whole extent.
std::int64_t next_tile(std::int64_t tile, std::int64_t extent) {
  return tile >= extent ? extent + 1 : std::min(2 * tile, extent);
}

void search(const Problem& problem, Cheapest& cheapest) {
  const ProductShape& shape = problem.product.shape;
  for (std::int64_t tile_k = std::min(problem.rows, shape.k); tile_k <= shape.k;
       tile_k = next_tile(tile_k, shape.k)) {
    for (std::int64_t tile_n = std::min(problem.columns, shape.n); tile_n <= shape.n;
         tile_n = next_tile(tile_n, shape.n)) {
      const std::int64_t tile_m = rows_that_fit(problem, tile_n, tile_k);
      if (tile_m == 0) break;  // wider tiles do not fit either
      for (const TileOrder order :
           {TileOrder::result_stays, TileOrder::stationary_stays, TileOrder::streamed_stays}) {
        cheapest.offer(evaluate(problem, order, tile_m, tile_n, tile_k));
      }
    }
  }
}

}  // namespace

std::int64_t weight_stationary_cycles(std::int64_t rows, std::int64_t columns,
                                      const ProductShape& shape) {
  if (shape.macs() == 0) return 0;
  const std::int64_t folds = ceil_divide(shape.k, rows) * ceil_divide(shape.n, columns);
  return shape.count * (folds * (2 * rows + columns + shape.m - 2) - 1);
}

TilePrices tile_prices(const Accelerator& accelerator, double leakage_pj_per_cycle) {
  return {.dram_pj_per_bit = dram_pj_per_bit(accelerator),
          .scratchpad_pj_per_bit = sram_pj_per_bit(accelerator, accelerator.scratchpad),
          .accumulator_pj_per_bit = sram_pj_per_bit(accelerator, accelerator.accumulator_memory),
          .register_pj_per_bit = accelerator.register_pj_per_bit,
          .leakage_pj_per_cycle = leakage_pj_per_cycle};
}

double schedule_energy_pj(const ArraySchedule& schedule, const TilePrices& prices) {
  return schedule.dram_bits * prices.dram_pj_per_bit +
         schedule.scratchpad_bits * prices.scratchpad_pj_per_bit +
         schedule.accumulator_bits * prices.accumulator_pj_per_bit +
         schedule.register_bits * prices.register_pj_per_bit +
         schedule.latency_cycles * prices.leakage_pj_per_cycle;
}

ArraySchedule schedule_product(const ArrayProduct& product, const Accelerator& accelerator,
                               const TilePrices& prices) {
  if (product.shape.macs() == 0) return {};
  Cheapest cheapest(prices, product.arithmetic_pj);
  search(make_problem(product, false, accelerator), cheapest);
  search(make_problem(product, true, accelerator), cheapest);
  if (!cheapest.found()) {
    throw Error(
        accelerator.name,
        "a tile of one fold does not fit into half the scratchpad or half the accumulator memory");
  }
  return cheapest.best();
}

}  // namespace mantissa
