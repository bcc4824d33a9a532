#include "kernels/matmul_tiles.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "kernels/matmul_epilogue.h"
#include "kernels/matmul_scratch.h"
#include "kernels/narrow_panels.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

// One right panel of this depth (48 KiB) stays in the first cache levels while all rows pass over
// it.
constexpr std::int64_t kBlockDepth = 256;
// The left operand is packed once if it is at most this large (16 MiB), else by each unit of work.
constexpr std::int64_t kWholeLeftLimit = std::int64_t{1} << 22;
constexpr std::int64_t kUnitRowPanels = 32;
constexpr std::int64_t kUnitSums = std::int64_t{1} << 16;  // accumulators of a unit: 256 KiB
constexpr std::int64_t kUnitWork = std::int64_t{1}
                                   << 20;  // products of the smallest unit: some 15 us
constexpr std::int64_t kUnitsPerThread = 4;

/// Floats of a left panel of `depth` products in pairs.
std::int64_t pairs_size(std::int64_t depth) {
  return std::max<std::int64_t>(ceiling(depth, 2), 1) * kTileRows;
}

struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t size() const { return last - first; }
};

/// A block of tiles and the memory for it.
struct Unit {
  Range rows;  ///< panels
  Range columns;
  float* sums = nullptr;   ///< the state of the tiles, column by column
  float* right = nullptr;  ///< one panel
  float* left =
      nullptr;  ///< all panels for a block of k, unless the left operand is packed as a whole
  float* left_pairs = nullptr;  ///< the same panels in pairs
  /// All panels so far were multiplied in pairs. After one that was not, sums may be such as pairs
  /// cannot continue.
  bool pairs = false;
  PanelMemory shared;  ///< of the right operand
};

/// All left panels of a unit, for a block of k.
struct LeftPanels {
  const float* binary32 = nullptr;
  const float* pairs = nullptr;
  std::int64_t panel_size = 0;  ///< floats from one panel to the next
  std::int64_t panel_size_pairs = 0;
  PairFacts facts;
};

/// One call of `multiply_tiles`: how the product is cut, and its steps.
class Tiling {
 public:
  Tiling(const TiledProduct& product, const Mac& mac, RandomKey key, const Epilogue& epilogue);
  void run();

 private:
  void cut();
  void pack_whole_left();
  void compute_unit(std::int64_t unit, Scratch& scratch) const;
  LeftPanels left_panels(const Unit& unit, Range k) const;
  bool pack_right(Unit& unit, std::int64_t column, Range k, const PairFacts& left) const;
  void prefetch_right(const Unit& unit, std::int64_t column, Range k, std::int64_t row) const;
  void compute_block(Unit& unit, Range k) const;
  void compute_tile(Tile tile, std::int64_t row_panel, std::int64_t column_panel,
                    const ColumnRuns& runs) const;
  WordPositions word_positions(std::int64_t first_row, int rows, const ColumnRuns& runs,
                               std::uint64_t* column_positions) const;
  int rows_of(std::int64_t panel) const;
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
  AlignedFloats whole_left_;    ///< [row panel][k][kTileRows]
  AlignedFloats whole_left_pairs_;
  PairFacts whole_left_facts_;
};

Tiling::Tiling(const TiledProduct& product, const Mac& mac, RandomKey key, const Epilogue& epilogue)
    : product_(product),
      mac_(prepare(mac, key, product.left_facts, product.right_facts, product.depth)),
      epilogue_(epilogue),
      row_panels_(ceiling(product.rows, kTileRows)),
      column_panels_(ceiling(product.columns, width_)),
      tile_sums_(mac_.state_size()) {
  cut();
}

/// Blocks of k are of nearly equal depth, and consist of whole blocks of the mac. Units of work are
/// as large as the caches allow, but there are some for each thread while they are worth its while.
void Tiling::cut() {
  const std::int64_t blocks = std::max<std::int64_t>(ceiling(product_.depth, kBlockDepth), 1);
  const std::int64_t step = std::lcm(std::int64_t{4}, mac_.block);
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

int Tiling::rows_of(std::int64_t panel) const {
  return static_cast<int>(std::min<std::int64_t>(product_.rows - panel * kTileRows, kTileRows));
}

int Tiling::columns_of(std::int64_t panel) const {
  return static_cast<int>(std::min<std::int64_t>(product_.columns - panel * width_, width_));
}

void Tiling::pack_whole_left() {
  const std::int64_t panel_size = kTileRows * product_.depth;
  if (row_panels_ * panel_size > kWholeLeftLimit || column_units_ == 1) return;
  whole_left_ = allocate(std::max<std::int64_t>(row_panels_ * panel_size, 1));
  if (mac_.takes_pairs()) whole_left_pairs_ = allocate(row_panels_ * pairs_size(product_.depth));
  std::mutex mutex;
  const std::int64_t grain =
      std::max<std::int64_t>(kUnitWork / 16 / std::max<std::int64_t>(panel_size, 1), 1);
  parallel_for(row_panels_, grain, [&](std::int64_t begin, std::int64_t end) {
    PairFacts facts;
    for (std::int64_t panel = begin; panel < end; ++panel) {
      float* packed = whole_left_.get() + panel * panel_size;
      product_.left->pack({panel * kTileRows, rows_of(panel), 0, product_.depth}, kTileRows, {},
                          packed);
      if (!mac_.takes_pairs() || !facts.fits) continue;
      facts.add(pack_pairs(packed, {product_.depth, rows_of(panel), kTileRows, kTileRows},
                           whole_left_pairs_.get() + panel * pairs_size(product_.depth)));
    }
    const std::scoped_lock lock(mutex);
    whole_left_facts_.add(facts);
  });
}

void Tiling::run() {
  pack_whole_left();
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
  const std::int64_t left = whole_left_ ? 0 : work.rows.size() * block_depth_ * kTileRows;
  const std::int64_t left_pairs =
      mac_.takes_pairs() && !whole_left_ ? work.rows.size() * pairs_size(block_depth_) : 0;
  const std::int64_t items =
      product_.right->items_memory(work.shared.last_item - work.shared.first_item);
  work.sums = scratch.take(state + right + left + left_pairs + items +
                           product_.right->block_memory(block_depth_));
  work.right = work.sums + state;
  work.left = work.right + right;
  work.left_pairs = work.left + left;
  work.pairs = mac_.takes_pairs();
  work.shared.items = work.left_pairs + left_pairs;
  work.shared.block = work.shared.items + items;
  std::fill_n(work.sums, state, 0.0F);
  product_.right->prepare_items(work.shared);
  std::int64_t k = 0;
  do {
    compute_block(work, {k, std::min(k + block_depth_, product_.depth)});
    k += block_depth_;
  } while (k < product_.depth);
}

LeftPanels Tiling::left_panels(const Unit& unit, Range k) const {
  LeftPanels left;
  left.panel_size = kTileRows * (whole_left_ ? product_.depth : k.size());
  left.panel_size_pairs = pairs_size(whole_left_ ? product_.depth : k.size());
  if (whole_left_) {
    left.binary32 = whole_left_.get() + unit.rows.first * left.panel_size + k.first * kTileRows;
    left.pairs = whole_left_pairs_.get();
    if (unit.pairs) left.pairs += unit.rows.first * left.panel_size_pairs + k.first / 2 * kTileRows;
    left.facts = whole_left_facts_;
    return left;
  }
  left.binary32 = unit.left;
  left.pairs = unit.left_pairs;
  for (std::int64_t row = unit.rows.first; row < unit.rows.last; ++row) {
    const std::int64_t panel = row - unit.rows.first;
    float* packed = unit.left + panel * left.panel_size;
    product_.left->pack({row * kTileRows, rows_of(row), k.first, k.last}, kTileRows, {}, packed);
    if (!unit.pairs || !left.facts.fits) continue;
    left.facts.add(pack_pairs(packed, {k.size(), rows_of(row), kTileRows, kTileRows},
                              unit.left_pairs + panel * left.panel_size_pairs));
  }
  return left;
}

/// Packs a right panel; true if it is in pairs.
bool Tiling::pack_right(Unit& unit, std::int64_t column, Range k, const PairFacts& left) const {
  const PanelRange range = {column * width_, columns_of(column), k.first, k.last};
  if (unit.pairs && left.fits) {
    PanelRows rows = product_.right->rows(range);
    if (rows.first == nullptr) {
      product_.right->pack(range, width_, unit.shared, unit.right);
      rows = {unit.right, width_};
    }
    const PairFacts facts =
        pack_pairs(rows.first, {k.size(), range.count, width_, rows.stride}, unit.right);
    if (left.multiply_exactly(facts)) return true;
  }
  unit.pairs = false;
  product_.right->pack(range, width_, unit.shared, unit.right);
  return false;
}

/// Asks for a share of a right panel's memory, one of as many as there are rows of panels.
void Tiling::prefetch_right(const Unit& unit, std::int64_t column, Range k,
                            std::int64_t row) const {
  if (column == unit.columns.last) return;
  const std::int64_t share = ceiling(k.size(), unit.rows.size());
  const std::int64_t first = std::min(k.first + (row - unit.rows.first) * share, k.last);
  product_.right->prefetch(
      {column * width_, columns_of(column), first, std::min(first + share, k.last)});
}

void Tiling::compute_block(Unit& unit, Range k) const {
  const LeftPanels left = left_panels(unit, k);
  product_.right->prepare_block(k.first, k.last, unit.shared);
  Tile tile;
  tile.right = unit.right;
  tile.sums = unit.sums;
  tile.depth = k.size();
  tile.first_k = k.first;
  for (std::int64_t column = unit.columns.first; column < unit.columns.last; ++column) {
    const bool pairs = pack_right(unit, column, k, left.facts);
    tile.form = pairs ? PanelForm::pairs : PanelForm::binary32;
    tile.columns = columns_of(column);
    tile.left = pairs ? left.pairs : left.binary32;
    const ColumnRuns runs(product_.output.columns, column * width_, tile.columns);
    for (std::int64_t row = unit.rows.first; row < unit.rows.last; ++row) {
      prefetch_right(unit, column + 1, k, row);
      tile.rows = rows_of(row);
      compute_tile(tile, row, column, runs);
      tile.sums += tile_sums_;
      tile.left += pairs ? left.panel_size_pairs : left.panel_size;
    }
  }
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
