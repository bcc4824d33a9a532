#include "kernels/matmul_tiles.h"

#include <algorithm>
#include <numeric>

#include "kernels/matmul_epilogue.h"
#include "kernels/matmul_left.h"
#include "kernels/matmul_scratch.h"
#include "kernels/product_table.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

// One right panel of this depth (48 KiB) stays in the first cache levels while all rows pass over
// it.
constexpr std::int64_t kBlockDepth = 256;
// The left operand is packed once if it is at most this large (16 MiB), else by each unit of work.
constexpr std::int64_t kWholeLeftLimit = std::int64_t{1} << 22;
constexpr std::int64_t kLargestByte = 128;
constexpr std::int64_t kSample = 64;  ///< rows of a right panel that are looked at
constexpr std::int64_t kUnitRowPanels = 32;
constexpr std::int64_t kUnitSums = std::int64_t{1} << 16;  // accumulators of a unit: 256 KiB
constexpr std::int64_t kUnitWork = std::int64_t{1}
                                   << 20;  // products of the smallest unit: some 15 us
constexpr std::int64_t kUnitsPerThread = 4;

/// A block of tiles and the memory for it.
struct Unit {
  IndexRange rows;  ///< panels
  IndexRange columns;
  float* sums = nullptr;    ///< the state of the tiles, column by column
  float* right = nullptr;   ///< one panel
  float* narrow = nullptr;  ///< the same in pairs or quads
  float* left = nullptr;    ///< memory of the left panels
  PanelMemory shared;       ///< of the right operand

  /// Of all panels so far. From quads they may step down to pairs, and from there to binary32,
  /// whose sums may be such as pairs cannot continue.
  PanelForm form = PanelForm::binary32;
  int right_quantum = 0;      ///< exponents of quanta
  int quantum = 0;            ///< of the products
  std::int64_t integers = 0;  ///< up to which sums are exact
  std::int64_t bound = 0;     ///< no sum so far can be larger, in quanta
};

/// One call of `multiply_tiles`: how the product is cut, and its steps.
class Tiling {
 public:
  Tiling(const TiledProduct& product, const Mac& mac, RandomKey key, const Epilogue& epilogue);
  void run();

 private:
  void cut();
  void compute_unit(std::int64_t unit, Scratch& scratch) const;
  PanelForm first_form(Unit& unit, const PanelRows& rows, const PanelRange& range) const;
  void step_down(Unit& unit) const;
  bool pack_narrow(Unit& unit, const PanelRows& rows, const PanelRange& range,
                   const LeftBlock& left) const;
  void pack_right(Unit& unit, const PanelRange& range, const LeftBlock& left) const;
  void prefetch_right(const Unit& unit, std::int64_t column, IndexRange k, std::int64_t row) const;
  void compute_block(Unit& unit, IndexRange k) const;
  void compute_tile(Tile tile, std::int64_t row_panel, std::int64_t column_panel,
                    const ColumnRuns& runs) const;
  WordPositions word_positions(std::int64_t first_row, int rows, const ColumnRuns& runs,
                               std::uint64_t* column_positions) const;
  int columns_of(std::int64_t panel) const;

  const TiledProduct& product_;
  const PreparedMac mac_;
  const TileEpilogue epilogue_;
  const int width_ = tile_columns();
  std::int64_t row_panels_ = 0;
  std::int64_t column_panels_ = 0;
  std::int64_t block_depth_ = 1;
  std::int64_t unit_row_panels_ = 1;
  std::int64_t unit_column_panels_ = 1;
  std::int64_t row_units_ = 1;
  std::int64_t column_units_ = 1;
  std::int64_t tile_sums_ = 0;  ///< floats of state of one tile
  /// Pairs and quads are worth their packing: a panel of columns is full.
  bool narrow_ = false;
  LeftOperand left_;
};

Tiling::Tiling(const TiledProduct& product, const Mac& mac, RandomKey key, const Epilogue& epilogue)
    : product_(product),
      mac_(prepare(mac, key, product.left_facts, product.right_facts, product.depth)),
      epilogue_(epilogue),
      row_panels_(ceiling(product.rows, kTileRows)),
      column_panels_(ceiling(product.columns, width_)),
      tile_sums_(mac_.state_size()),
      narrow_(product.columns >= width_),
      left_(*product.left, product.rows, product.depth, mac_, narrow_) {
  cut();
}

/// Blocks of k are of nearly equal depth, and consist of whole blocks of the mac. Units of work are
/// as large as the caches allow, but there are some for each thread while they are worth its while.
void Tiling::cut() {
  const std::int64_t blocks = std::max<std::int64_t>(ceiling(product_.depth, kBlockDepth), 1);
  std::int64_t step = std::lcm(std::int64_t{4}, mac_.block);
  // A chunk that ends with a block is rounded at once.
  const std::int64_t chunks = mac_.chunk > 0 ? std::lcm(step, mac_.chunk) : step;
  if (chunks <= kBlockDepth) step = chunks;
  block_depth_ = std::max<std::int64_t>(ceiling(ceiling(product_.depth, blocks), step) * step, 1);
  unit_row_panels_ = std::min(row_panels_, kUnitRowPanels);
  const std::int64_t fitting = kUnitSums / (unit_row_panels_ * tile_sums_);
  unit_column_panels_ = std::clamp<std::int64_t>(fitting, 1, column_panels_);
  const std::int64_t threads = available_threads();
  const std::int64_t tile_work =
      std::int64_t{kTileRows} * width_ * std::max<std::int64_t>(product_.depth, 1);
  const auto units = [&] {
    row_units_ = ceiling(row_panels_, unit_row_panels_);
    column_units_ = ceiling(column_panels_, unit_column_panels_);
    return row_units_ * column_units_;
  };
  while (threads > 1 && units() < threads * kUnitsPerThread &&
         unit_row_panels_ * unit_column_panels_ > 1 &&
         unit_row_panels_ * unit_column_panels_ * tile_work >= 2 * kUnitWork) {
    std::int64_t& larger = unit_column_panels_ > 1 ? unit_column_panels_ : unit_row_panels_;
    larger = ceiling(larger, 2);
  }
  units();
}

int Tiling::columns_of(std::int64_t panel) const {
  return static_cast<int>(std::min<std::int64_t>(product_.columns - panel * width_, width_));
}

void Tiling::run() {
  const bool small = product_.rows * product_.depth <= kWholeLeftLimit;
  if (small && column_units_ > 1) left_.pack_whole();
  parallel_for(row_units_ * column_units_, 1, [&](std::int64_t begin, std::int64_t end) {
    thread_local Scratch scratch;
    for (std::int64_t unit = begin; unit < end; ++unit) compute_unit(unit, scratch);
  });
}

void Tiling::compute_unit(std::int64_t unit, Scratch& scratch) const {
  const std::int64_t first_row = unit % row_units_ * unit_row_panels_;
  const std::int64_t first_column = unit / row_units_ * unit_column_panels_;
  Unit work;
  work.rows = {first_row, std::min(first_row + unit_row_panels_, row_panels_)};
  work.columns = {first_column, std::min(first_column + unit_column_panels_, column_panels_)};
  work.shared.first_item = first_column * width_;
  work.shared.last_item = std::min(work.columns.last * width_, product_.columns);
  const std::int64_t state = work.rows.size() * work.columns.size() * tile_sums_;
  const std::int64_t right = block_depth_ * width_ + kPanelSlack;
  const std::int64_t left = left_.memory(work.rows.size(), block_depth_);
  const std::int64_t items =
      product_.right->items_memory(work.shared.last_item - work.shared.first_item);
  work.sums =
      scratch.take(state + 2 * right + left + items + product_.right->block_memory(block_depth_));
  work.right = work.sums + state;
  work.narrow = work.right + right;
  work.left = work.narrow + right;
  work.shared.items = work.left + left;
  work.shared.block = work.shared.items + items;
  std::fill_n(work.sums, state, 0.0F);
  product_.right->prepare_items(work.shared);
  std::int64_t k = 0;
  do {
    compute_block(work, {k, std::min(k + block_depth_, product_.depth)});
    k += block_depth_;
  } while (k < product_.depth);
}

/// The form with which a unit begins, by a look at its first right panel.
PanelForm Tiling::first_form(Unit& unit, const PanelRows& rows, const PanelRange& range) const {
  if (mac_.takes_codes()) return PanelForm::codes;
  const PanelForm without = narrow_ && mac_.takes_pairs() ? PanelForm::pairs : PanelForm::binary32;
  if (!left_.quantum()) return without;
  const std::int64_t sampled = std::min(range.last_k - range.first_k, kSample);
  const std::optional<int> quantum =
      quantum_of(measure_facts({rows.first, sampled, range.count, rows.stride, 1}));
  if (!quantum) return without;
  unit.right_quantum = *quantum;
  unit.quantum = *left_.quantum() + *quantum;
  unit.integers = mac_.integers(unit.quantum);
  return unit.integers > 0 ? PanelForm::quads : without;
}

/// Leaves the present form for the next one that the sums so far allow.
void Tiling::step_down(Unit& unit) const {
  if (unit.form == PanelForm::pairs) {
    unit.form = PanelForm::binary32;
    return;
  }
  Tile tile;
  tile.quantum_exponent = unit.quantum;
  tile.sums = unit.sums;
  tile.rows = kTileRows;
  tile.columns = width_;
  for (std::int64_t i = 0; i < unit.rows.size() * unit.columns.size(); ++i) {
    mac_.leave_integers(tile);
    tile.sums += tile_sums_;
  }
  unit.form = narrow_ && mac_.takes_pairs() ? PanelForm::pairs : PanelForm::binary32;
}

/// Packs a right panel in the unit's form, if that is narrow; false if it does not fit.
bool Tiling::pack_narrow(Unit& unit, const PanelRows& rows, const PanelRange& range,
                         const LeftBlock& left) const {
  const PanelShape shape = {range.last_k - range.first_k, range.count, width_, rows.stride};
  if (unit.form == PanelForm::codes) {
    pack_right_codes(rows.first, shape, mac_.inner.mac.right_operand, unit.narrow);
    return true;
  }
  if (unit.form == PanelForm::quads) {
    return left.quad_facts.fits &&
           unit.bound + left.quad_facts.magnitude * kLargestByte <= unit.integers &&
           pack_right_quads(rows.first, shape, unit.right_quantum, unit.narrow);
  }
  return left.pair_facts.fits &&
         left.pair_facts.multiply_exactly(pack_pairs(rows.first, shape, unit.narrow));
}

/// Packs a right panel, in a form that it fits.
void Tiling::pack_right(Unit& unit, const PanelRange& range, const LeftBlock& left) const {
  PanelRows rows = product_.right->rows(range);
  const auto pack = [&] {
    product_.right->pack(range, width_, unit.shared, unit.right);
    rows = {unit.right, width_};
  };
  if (rows.first == nullptr) pack();
  const bool first = range.first_k == 0 && range.first_item == unit.shared.first_item;
  if (first) unit.form = first_form(unit, rows, range);
  while (unit.form != PanelForm::binary32) {
    if (pack_narrow(unit, rows, range, left)) return;
    step_down(unit);
  }
  if (rows.first != unit.right) pack();
}

/// Asks for a share of a right panel's memory, one of as many as there are rows of panels.
void Tiling::prefetch_right(const Unit& unit, std::int64_t column, IndexRange k,
                            std::int64_t row) const {
  if (column == unit.columns.last) return;
  const std::int64_t share = ceiling(k.size(), unit.rows.size());
  const std::int64_t first = std::min(k.first + (row - unit.rows.first) * share, k.last);
  product_.right->prefetch(
      {column * width_, columns_of(column), first, std::min(first + share, k.last)});
}

void Tiling::compute_block(Unit& unit, IndexRange k) const {
  const LeftBlock left = left_.block(unit.rows, k, unit.left);
  product_.right->prepare_block(k.first, k.last, unit.shared);
  Tile tile;
  tile.sums = unit.sums;
  tile.depth = k.size();
  tile.first_k = k.first;
  for (std::int64_t column = unit.columns.first; column < unit.columns.last; ++column) {
    tile.columns = columns_of(column);
    pack_right(unit, {column * width_, tile.columns, k.first, k.last}, left);
    tile.form = unit.form;
    tile.quantum_exponent = unit.quantum;
    tile.right = unit.form == PanelForm::binary32 ? unit.right : unit.narrow;
    tile.left = left.in(unit.form).first;
    const ColumnRuns runs(product_.output.columns, column * width_, tile.columns);
    for (std::int64_t row = unit.rows.first; row < unit.rows.last; ++row) {
      prefetch_right(unit, column + 1, k, row);
      tile.rows = left_.rows_of(row);
      compute_tile(tile, row, column, runs);
      tile.sums += tile_sums_;
      tile.left += left.in(unit.form).step;
    }
  }
  unit.bound += left.quad_facts.magnitude * kLargestByte;
}

void Tiling::compute_tile(Tile tile, std::int64_t row_panel, std::int64_t column_panel,
                          const ColumnRuns& runs) const {
  const std::int64_t first_row = row_panel * kTileRows;
  WordPositions words;
  std::uint64_t columns[kMaxTileColumns];
  if (mac_.stochastic) {
    words = word_positions(first_row, tile.rows, runs, columns);
    tile.words = &words;
  }
  mac_.accumulate(tile, product_.depth);
  if (tile.first_k + tile.depth == product_.depth) {
    tile.sums = mac_.result(tile);
    epilogue_.write(product_.output, tile, first_row, column_panel * width_, runs);
  }
}

WordPositions Tiling::word_positions(std::int64_t first_row, int rows, const ColumnRuns& runs,
                                     std::uint64_t* column_positions) const {
  const ProductOutput& output = product_.output;
  WordPositions words;
  for (int row = 0; row < rows; ++row) {
    const auto element = static_cast<std::uint64_t>((first_row + row) * output.row_elements);
    words.rows[row] = output.first_element + element;
  }
  for (const ColumnRun& run : runs) {
    for (int i = 0; i < run.count; ++i) {
      column_positions[run.column + i] = static_cast<std::uint64_t>(run.offset + i * run.step);
    }
  }
  words.columns = column_positions;
  return words;
}

}  // namespace

ColumnRuns::ColumnRuns(const ColumnMap& map, std::int64_t first, int count) {
  std::int64_t inner = first % map.inner_extent;
  std::int64_t middle = first / map.inner_extent % map.middle_extent;
  std::int64_t outer = first / map.inner_extent / map.middle_extent;
  for (int done = 0; done < count;) {
    const int run =
        static_cast<int>(std::min<std::int64_t>(map.inner_extent - inner, count - done));
    runs_[static_cast<std::size_t>(used_++)] = {
        done, run, outer * map.outer_stride + middle * map.middle_stride + inner * map.inner_stride,
        map.inner_stride};
    done += run;
    inner += run;
    if (inner == map.inner_extent) {
      inner = 0;
      if (++middle == map.middle_extent) {
        middle = 0;
        ++outer;
      }
    }
  }
}

void multiply_tiles(const TiledProduct& product, const Mac& mac, RandomKey key,
                    const Epilogue& epilogue) {
  if (product.rows <= 0 || product.columns <= 0) return;
  Tiling(product, mac, key, epilogue).run();
}

}  // namespace mantissa
