#pragma once

#include <cstdint>

#include "hardware/accelerator.h"
#include "ops/operator.h"

namespace mantissa {

/// Cycles of a matrix product on a weight-stationary R x C array whose memories never stall
/// (SCALE-Sim v3, Raj et al., ISPASS 2025): folds (2R + C + T - 2) - 1 with T = m streamed rows and
/// folds = ceil(k / R) ceil(n / C). R cycles load a fold's stationary operand, R + C - 2 fill and
/// drain the wavefront. 0 if there is nothing to do.
std::int64_t weight_stationary_cycles(std::int64_t rows, std::int64_t columns,
                                      const ProductShape& shape);

/// A matrix operand in DRAM and on chip. Elements are distinct ones of the whole product (all
/// groups); im2col repeats them on the way into the array, not in memory.
struct Operand {
  double elements = 0;
  double dram_bits = 0;         ///< of an element when it is read for the first time
  double dram_reread_bits = 0;  ///< of an element when tiling makes the array read it again
  double scratchpad_bits = 0;   ///< of an element in the scratchpad, in its role's format
};

/// C[m, n] = A[m, k] B[k, n], `shape.count` times.
struct ArrayProduct {
  ProductShape shape;
  Operand a;
  Operand b;
  double result_elements = 0;   ///< distinct ones that are written
  double result_bits = 0;       ///< of an element of C when it is written to DRAM
  double accumulator_bits = 0;  ///< of a partial sum
  double arithmetic_pj = 0;     ///< of its multiply-accumulates, which no tiling changes
};

/// Which tile stays on chip while the others pass.
enum class TileOrder : std::uint8_t { result_stays, stationary_stays, streamed_stays };

/// How a product is cut into tiles, and what that moves. Bits and counts are of all groups
/// together.
struct ArraySchedule {
  bool transposed = false;  ///< B^T is streamed through A^T
  TileOrder order = TileOrder::result_stays;
  std::int64_t tile_m = 0;  ///< streamed rows
  std::int64_t tile_n = 0;
  std::int64_t tile_k = 0;
  std::int64_t tiles = 0;

  double dram_bits = 0;
  double scratchpad_bits = 0;   ///< written from DRAM and read by the array
  double accumulator_bits = 0;  ///< read and written in accumulator memory
  double register_bits = 0;  ///< clocked in the elements: operands and partial sums passing through

  double compute_cycles = 0;  ///< had memory been free
  double memory_cycles = 0;   ///< had compute been free
  double latency_cycles = 0;  ///< max of the two, the first operands' arrival, the last results'
                              ///< leaving, tile overheads
};

/// Prices of what a schedule moves, by which tiles are chosen.
struct TilePrices {
  double dram_pj_per_bit = 0;
  double scratchpad_pj_per_bit = 0;
  double accumulator_pj_per_bit = 0;
  double register_pj_per_bit = 0;
  double leakage_pj_per_cycle = 0;
};
TilePrices tile_prices(const Accelerator& accelerator, double leakage_pj_per_cycle);

/// The schedule with the smallest product of energy (arithmetic, memories, registers, leakage) and
/// latency, the usual aim of mapping tools (Timeloop, DOSA), among: both orientations, the three
/// tile orders, and tiles of R 2^i reduction steps by C 2^j outputs by as many rows as half the
/// scratchpad and half the accumulator memory hold. Deterministic; some microseconds. The product
/// of energy and latency never falls when a width grows; either factor alone nearly never. Throws
/// Error if not even one fold fits.
ArraySchedule schedule_product(const ArrayProduct& product, const Accelerator& accelerator,
                               const TilePrices& prices);

/// The energy that `prices` give a schedule.
double schedule_energy_pj(const ArraySchedule& schedule, const TilePrices& prices);

}  // namespace mantissa
