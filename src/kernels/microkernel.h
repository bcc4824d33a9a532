#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "kernels/microkernel_facts.h"
#include "numeric/mac.h"

namespace mantissa {

/// Rows of a tile of the output: the left operand's panels hold this many rows.
constexpr int kTileRows = 8;

/// Columns of a tile: the right operand's panels hold this many. A multiple of the vector length of
/// this CPU, at most kMaxTileColumns; no result depends on it.
int tile_columns();
constexpr int kMaxTileColumns = 48;

/// The chains of a tile's elements, which their random words depend on: product k of element (row,
/// column) takes word k of chain rows[row] + columns[row * column_step + column] (modulo 2^64).
struct WordPositions {
  std::uint64_t rows[kTileRows] = {};
  const std::uint64_t* columns = nullptr;
  int column_step = 0;
};

/// Which factors the product k of element (row, column) of a tile has.
enum class TileLayout : std::uint8_t {
  outer,     ///< left[k][row] * right[k][column], in panels: a matrix product
  strip,     ///< left[k] * right[offsets[k] + row * tile_columns() + column]: outputs side by side,
             ///< one weight for all
  channels,  ///< left[k * left_step + column] * right[k * right_step + offsets[row] + column]: a
             ///< column is a channel
};

/// What the panels of a tile hold.
enum class PanelForm : std::uint8_t {
  binary32,
  pairs,  ///< [(k + 1) / 2][width] of two bfloat16 (narrow_panels.h)
  quads,  ///< [(k + 3) / 4][width] of four bytes; the sums are integers
  codes,  ///< operands of a table of products (product_table.h); the sums are integers
};

/// Continues the chains of one tile by the products k in [first_k, first_k + depth).
struct Tile {
  TileLayout layout = TileLayout::outer;
  PanelForm form = PanelForm::binary32;
  const float* left = nullptr;
  const float* right = nullptr;
  std::int64_t left_step = 0;
  std::int64_t right_step = 0;
  const std::int64_t* offsets = nullptr;
  /// The state of the chains, in planes of [kTileRows][tile_columns()], the accumulators first;
  /// read and written.
  float* sums = nullptr;
  int quantum_exponent = 0;  ///< of quads: what the integers count
  std::int64_t depth = 0;
  std::int64_t first_k = 0;
  int rows = kTileRows;  ///< rows and columns in use; the others may hold anything
  int columns = 0;
  const WordPositions* words = nullptr;  ///< null unless the mac rounds stochastically

  /// Leaves the first `count` products behind: all, or as many as fill whole words of its form.
  void advance(std::int64_t count);

  /// The columns from `column` on, `count` of them at most, of panels of binary32 numbers; without
  /// the words.
  Tile from_column(int column, int count) const;
};

/// What becomes of a product on its way to a binary32 sum.
enum class Product32 : std::uint8_t {
  fused,       ///< not rounded: one fused multiply-add
  multiplied,  ///< rounded to binary32, as it is meant to be
  rounded,     ///< the binary32 product, exact by proof, rounded to the product format
  odd,         ///< the binary32 product, rounded to odd, rounded to the product format
};

/// How a binary32 sum enters the accumulator's format.
enum class Sum32 : std::uint8_t {
  native,     ///< the accumulator is binary32
  rerounded,  ///< the binary32 sum is rounded again: proven to be the same as one rounding
  odd,        ///< the binary32 sum is rounded to odd first, which makes the second rounding right
};

/// Constants of one rounding to nearest even on binary32 lanes. Adding and subtracting a power of
/// two whose last place is the quantum wanted leaves the adder to round: the exponent of the value,
/// raised by `exponent_shift`, makes that power.
struct Rounding32 {
  std::uint32_t exponent_shift = 0;  ///< (23 - fraction bits), in the place of the exponent
  float min_normal = 0;
  float max_finite = 0;
  float overflow = 0;  ///< what a larger magnitude becomes
  // Of bits: the smallest normal number is scaled to that of binary32, so that subnormals have the
  // same places.
  float scale = 1;
  std::uint32_t dropped = 0;  ///< mask of the bits below the last place
  // Of fixed point:
  float anchor = 0;  ///< 1.5 * 2^23 quanta: its last place is the quantum
  float lowest = 0;  ///< the negative end
};

/// What the roundings of a chain have to think of.
enum class Range32 : std::uint8_t {
  full,
  bounded,        ///< proven: nothing overflows, and all is finite
  plain,          ///< proven too: no -0, and every subnormal value is exact
  fixed,          ///< the sum's format is fixed point
  coded,          ///< proven: operands are finite; rounded by the bits, on lanes that round to odd
  coded_bounded,  ///< proven too: no sum overflows
};

struct Plan32 {
  Product32 product = Product32::fused;
  Sum32 sum = Sum32::native;
  Range32 range = Range32::full;
  Rounding32 product_rounding;
  Rounding32 sum_rounding;
};

/// Constants of one rounding to the nearest posit, for binary32 codes less a bias. There the
/// exponent is a number of 2^es steps, the regime k, and what is left.
struct RoundingPosit {
  int regime_shift = 23;           ///< to k
  std::int32_t regime_offset = 0;  ///< is added to k
  std::int32_t dropped_bits = 0;   ///< where k is 0; one more for each step away from 0 and -1
  std::int32_t bias = 0;
  std::int32_t largest = 0;  ///< codes less the bias
  std::int32_t smallest = 0;
  /// Masks of the bits that are dropped, by the last five bits of k, for posits of up to 16 bits.
  std::int32_t masks[32] = {};
};

struct PlanPosit {
  RoundingPosit product;
  RoundingPosit sum;
  bool rounds_product = false;
  bool table = false;   ///< the masks hold for all
  bool finite = false;  ///< proven: neither infinities nor NaN
};

/// The number whose last place is the distance of members, by the last six bits of the exponent:
/// the upper halves of binary32 numbers.
struct TaperedAnchors {
  alignas(64) std::uint16_t upper_halves[64] = {};
};

/// Sums that are multiples of a quantum and have exponents within the table.
struct PlanTapered {
  TaperedAnchors product;
  TaperedAnchors sum;
  bool rounds_product = false;
  float to_quanta = 0;      ///< one over the quantum
  float end_in_quanta = 0;  ///< magnitudes of sums are below it
};

/// Kinds of one rounding on binary64 lanes.
enum class Mode64 : std::uint8_t {
  none,  ///< (of a product) not rounded
  nearest_even,
  deterministic,  ///< any but stochastic, by masks
  stochastic,
};

/// Constants of one rounding of a magnitude on binary64 lanes; fixed point is a format whose
/// numbers are all subnormal.
struct Rounding64 {
  Mode64 mode = Mode64::none;
  std::uint64_t exponent_shift = 0;  ///< (52 - fraction bits), in the place of the exponent
  double min_normal = 0;
  double flush_below = 0;  ///< smaller magnitudes become zero: min_normal without subnormals
  double zero_has_sign =
      0;                    ///< -1 where -0 is a value, else 0: magnitudes above it keep their sign
  double max_positive = 0;  ///< largest magnitudes
  double max_negative = 0;
  double overflow_positive = 0;  ///< magnitudes of what an infinity becomes
  double overflow_negative = 0;
  double beyond_positive = 0;  ///< magnitudes of what a finite value beyond the largest becomes
  double beyond_negative = 0;
  bool away_positive = false;  ///< an inexact value moves away from zero: rup, rdn
  bool away_negative = false;
  bool to_nearest_even = false;
  bool away_at_half = false;  ///< rna
  bool away_if_even = false;  ///< ro
  bool down = false;          ///< an exact zero sum is -0
  int random_bits = 32;
};

/// Rounding by the bits of a binary64 value: add a number to the bits below the format's last
/// place, then clear them. It is right where every value in the format's subnormal range is exact
/// and no zero comes of rounding.
struct QuickRounding64 {
  bool used = false;
  bool exact_sum = false;     ///< proven: binary64 holds every sum before it is rounded
  std::uint64_t cleared = 0;  ///< the bits below the last place
  std::uint64_t addend_positive = 0;
  std::uint64_t addend_negative = 0;
  int random_shift = 0;  ///< from 32 random bits to the place of those used
};

struct Plan64 {
  Rounding64 product;
  Rounding64 sum;
  QuickRounding64 quick_sum;  ///< instead of `sum`, for products that are not rounded
};

/// Constants of one stochastic rounding on binary32 lanes.
struct StochasticPlan32 {
  bool used = false;
  int dropped_bits = 0;      ///< of a binary32 significand
  std::uint32_t addend = 0;  ///< where the random bits at hand, 16 at most, lie among them
  bool open = false;         ///< there are more, which decide where these do not
  bool bounded = false;      ///< proven: nothing overflows
  float max_finite = 0;
  float overflow = 0;
};

/// An exact sum in binary64 words: word i of the first ones holds multiples of a power of two that
/// is the last place of `anchors[i]`, the last word what is left.
struct PlanExact {
  static constexpr int kMaxWords = 4;
  int words = 0;
  double anchors[kMaxWords - 1] = {};
  bool to_binary32 = false;  ///< the sum is rounded to binary32, to nearest even
};

struct ProductTable;

/// A sum without chunks, made ready: the cheapest kernel that is proven to give its bits.
struct Accumulation {
  Mac mac;
  RandomKey product_key;
  RandomKey sum_key;
  RandomKey tree_key;
  Plan32 plan32;
  Plan64 plan64;
  PlanExact exact;
  PlanPosit posit;
  PlanTapered tapered;
  std::shared_ptr<const ProductTable> table;
  StochasticPlan32 stochastic32;
  /// sums <- A(sums + P(left * right)), for each k.
  void (*multiply)(const Tile& tile, const Accumulation& self) = nullptr;
  /// The same, for a kernel `multiply` that gives up where a chain meets what it does not serve.
  void (*multiply_any)(const Tile& tile, const Accumulation& self) = nullptr;
  /// The same for panels in pairs; null where none are taken.
  void (*multiply_pairs)(const Tile& tile, const Accumulation& self) = nullptr;
  /// The same for panels in codes, of all depth of a chain; null where none are taken.
  void (*multiply_codes)(const Tile& tile, const Accumulation& self) = nullptr;
  /// sums <- A(sums + right), once; right is [kTileRows][tile_columns()].
  void (*add)(const Tile& tile, const Accumulation& self) = nullptr;

  /// Planes of the state. All zeros are a sum that has not begun.
  int planes = 1;
  /// Products of a run, whose sum stands by itself: a chunk, or any number.
  std::int64_t run = std::numeric_limits<std::int64_t>::max();
  /// Makes the sums of the state behind the last product of a run (tile.first_k is behind it). Null
  /// where the first plane holds them at any time.
  void (*finish)(const Tile& tile, const Accumulation& self) = nullptr;
  /// Begins sums with tile.right, [kTileRows][tile_columns()], instead of +0. Null where these are
  /// the first plane.
  void (*begin)(const Tile& tile, const Accumulation& self) = nullptr;
};

/// A `Mac` made ready.
struct PreparedMac {
  Accumulation inner;  ///< the sums within a chunk, or all of a chain without chunks
  Accumulation outer;  ///< the sums of the chunks
  std::int64_t chunk = 0;
  /// Products that a kernel takes at once: `accumulate` is called at multiples of it, but for the
  /// last products.
  std::int64_t block = 1;
  bool stochastic = false;

  /// Whether `accumulate` takes tiles in pairs too, of operands that fit (narrow_panels.h).
  bool takes_pairs() const { return inner.multiply_pairs != nullptr; }

  /// Whether `accumulate` takes tiles in codes, whatever the operands: the cheapest.
  bool takes_codes() const { return inner.multiply_codes != nullptr; }

  /// Whether `integers` may be more than 0.
  bool takes_integers() const;

  /// Sums up to this many times 2^quantum_exponent may be added as integers, in tiles in quads; 0
  /// if none may.
  std::int64_t integers(int quantum_exponent) const;

  /// Makes the integers in the first plane of a tile's state, which was +0 at first, the state of
  /// the same sums.
  void leave_integers(const Tile& tile) const;

  /// Floats of the state of a tile, all +0 at first: that of the sums and, with chunks, the sum of
  /// the chunks before behind it.
  std::int64_t state_size() const;

  /// Begins the sums of a tile, whose state is +0, with `tile.right`, [kTileRows][tile_columns()].
  void begin(const Tile& tile) const;

  /// Continues the chains of a tile, of `total_depth` products in all, by the products of `tile`.
  void accumulate(Tile tile, std::int64_t total_depth) const;

  /// Where the sums of a tile are in the end (also where it has no products at all).
  float* result(const Tile& tile) const;

 private:
  void accumulate_integers(Tile tile, std::int64_t total_depth) const;
  void accumulate_chunks(Tile tile, std::int64_t total_depth) const;
};

/// Whether `prepare` makes use of facts about the operands: they cost a pass over them.
inline bool needs_facts(const Mac& mac) {
  return !mac.is_fp32();
}

/// Chooses kernels for chains of `depth` products of values of which `left` and `right` hold.
PreparedMac prepare(const Mac& mac, RandomKey key, const OperandFacts& left,
                    const OperandFacts& right, std::int64_t depth);

/// Proves that products with zeros change no sum, so that they may be left out: no random words, no
/// chunks that count products, no infinities that make NaN of a zero, and no sum that is -0, which
/// a +0 would turn.
bool zero_products_are_idle(const Mac& mac, const OperandFacts& left, const OperandFacts& right);

/// The binary32 fused chain.
void multiply_fp32(const Tile& tile, const Accumulation& self);
void add_fp32(const Tile& tile, const Accumulation& self);

/// Rounding to nearest even on binary32 lanes, by `plan32`.
void multiply_binary32(const Tile& tile, const Accumulation& self);
void add_binary32(const Tile& tile, const Accumulation& self);

/// Kahan-compensated sums on binary32 lanes, by `plan32`; the second plane of the state holds the
/// compensations.
void multiply_kahan32(const Tile& tile, const Accumulation& self);

/// The instruction set in force rounds any binary32 product, and its sum with another number, to
/// odd: else products must be exact for that.
bool rounds_any_product_to_odd();

/// Rounding to the nearest posit on binary32 lanes, by `posit`.
void multiply_posit(const Tile& tile, const Accumulation& self);
void add_posit(const Tile& tile, const Accumulation& self);

/// Whether posits serve the chain.
bool plan_posits(const Mac& mac, bool products_are_exact, bool finite, PlanPosit& plan);

/// Rounding to the nearest member of a tapered format on binary32 lanes, by `tapered`, else by
/// `multiply_any`.
void multiply_tapered_sums(const Tile& tile, const Accumulation& self);

/// Any rounding on binary64 lanes, by `plan64`: the exact product, the sum rounded to odd, then
/// once to the format.
void multiply_binary64(const Tile& tile, const Accumulation& self);
void add_binary64(const Tile& tile, const Accumulation& self);

/// Sums rounded stochastically, by `stochastic32` where the CPU can truncate, else by `plan64`.
void multiply_stochastic(const Tile& tile, const Accumulation& self);

/// Any chain, one element at a time through `multiply_accumulate`: for what no vector kernel
/// covers (stochastic rounding to 20 and more fraction bits by 32 random bits).
void multiply_scalar(const Tile& tile, const Accumulation& self);
void add_scalar(const Tile& tile, const Accumulation& self);

/// Exact sums of exact products whose range is proven to fit the words of `exact`.
void multiply_exact_words(const Tile& tile, const Accumulation& self);
void finish_exact_words(const Tile& tile, const Accumulation& self);
void begin_exact_words(const Tile& tile, const Accumulation& self);

/// Chooses the kernel of a sum of `depth` products that is no chain.
void plan_summation(Accumulation& accumulation, const OperandFacts& left, const OperandFacts& right,
                    std::int64_t depth);

}  // namespace mantissa
