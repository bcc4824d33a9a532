#include "kernels/matmul_tiles.h"

#include <algorithm>
#include <numeric>

#include "kernels/matmul_epilogue.h"
#include "kernels/matmul_scratch.h"
#include "kernels/microkernel.h"
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
  PanelMemory shared;  ///< of the right operand
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
  void compute_block(const Unit& unit, Range k) const;
  void compute_tile(std::int64_t row_panel, std::int64_t column_panel, Range k, const float* left,
                    const float* right, float* sums, const ColumnRuns& runs) const;
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
  const std::int64_t tile_work = kTileRows * width_ * std::max<std::int64_t>(product_.depth, 1);
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
  const std::int64_t grain =
      std::max<std::int64_t>(kUnitWork / 16 / std::max<std::int64_t>(panel_size, 1), 1);
  parallel_for(row_panels_, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel) {
      product_.left->pack({panel * kTileRows, rows_of(panel), 0, product_.depth}, kTileRows, {},
                          whole_left_.get() + panel * panel_size);
    }
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
  const std::int64_t items =
      product_.right->items_memory(work.shared.last_item - work.shared.first_item);
  work.sums =
      scratch.take(state + right + left + items + product_.right->block_memory(block_depth_));
  work.right = work.sums + state;
  work.left = work.right + right;
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

void Tiling::compute_block(const Unit& unit, Range k) const {
  const std::int64_t left_panel = whole_left_ ? product_.depth * kTileRows : k.size() * kTileRows;
  const float* left = unit.left;
  if (whole_left_) {
    left = whole_left_.get() + unit.rows.first * left_panel + k.first * kTileRows;
  } else {
    for (std::int64_t row = unit.rows.first; row < unit.rows.last; ++row) {
      product_.left->pack({row * kTileRows, rows_of(row), k.first, k.last}, kTileRows, {},
                          unit.left + (row - unit.rows.first) * left_panel);
    }
  }
  product_.right->prepare_block(k.first, k.last, unit.shared);
  float* sums = unit.sums;
  for (std::int64_t column = unit.columns.first; column < unit.columns.last; ++column) {
    product_.right->pack({column * width_, columns_of(column), k.first, k.last}, width_,
                         unit.shared, unit.right);
    const ColumnRuns runs(product_.output.columns, column * width_, columns_of(column));
    for (std::int64_t row = unit.rows.first; row < unit.rows.last; ++row, sums += tile_sums_) {
      compute_tile(row, column, k, left + (row - unit.rows.first) * left_panel, unit.right, sums,
                   runs);
    }
  }
}

void Tiling::compute_tile(std::int64_t row_panel, std::int64_t column_panel, Range k,
                          const float* left, const float* right, float* sums,
                          const ColumnRuns& runs) const {
  Tile tile;
  tile.left = left;
  tile.right = right;
  tile.sums = sums;
  tile.depth = k.size();
  tile.first_k = k.first;
  tile.rows = rows_of(row_panel);
  tile.columns = columns_of(column_panel);
  const std::int64_t first_row = row_panel * kTileRows;
  WordPositions words;
  std::uint64_t columns[kMaxTileColumns];
  if (mac_.stochastic) {
    words = word_positions(first_row, tile.rows, runs, columns);
    tile.words = &words;
  }
  mac_.accumulate(tile, product_.depth);
  if (k.last == product_.depth) {
    tile.sums = mac_.result(tile);
    epilogue_.write(product_.output, tile, first_row, column_panel * width_, runs);
  }
}

WordPositions Tiling::word_positions(std::int64_t first_row, int rows, const ColumnRuns& runs,
                                     std::uint64_t* column_positions) const {
  const auto depth = static_cast<std::uint64_t>(product_.depth);
  const ProductOutput& output = product_.output;
  WordPositions words;
  for (int row = 0; row < rows; ++row) {
    const auto element = static_cast<std::uint64_t>((first_row + row) * output.row_elements);
    words.rows[row] = (output.first_element + element) * depth;
  }
  for (const ColumnRun& run : runs) {
    for (int i = 0; i < run.count; ++i) {
      column_positions[run.column + i] =
          static_cast<std::uint64_t>(run.offset + i * run.step) * depth;
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
