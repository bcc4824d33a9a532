#include <algorithm>
#include <vector>

#include "kernels/convolution_geometry.h"
#include "kernels/matmul_epilogue.h"
#include "kernels/matmul_scratch.h"
#include "kernels/microkernel.h"
#include "kernels/packing_copy.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kStackPositions = 1 << 13;  ///< of a unit's padded planes: 32 KiB a phase

/// Forward or backward_data: each output plane is one input plane seen through one kernel.
///
/// The padded planes of some images are stacked. Position n of the stack, row after row with the
/// padding, is then an output (or lies in the padding, and is computed for nothing), and tap t sees
/// position n + offset(t): a strip of outputs takes one run of memory a tap, whatever the size of
/// the images.
class DepthwisePlanes {
 public:
  DepthwisePlanes(const Window& window, const float* weight, float* output, const PreparedMac& mac,
                  const Epilogue& epilogue);
  void run() const;

 private:
  void compute(std::int64_t channel, std::int64_t first_image, std::int64_t images,
               float* memory) const;
  void stack(std::int64_t channel, std::int64_t first_image, std::int64_t images,
             float* planes) const;
  static void prefetch(const float* plane, std::int64_t size);
  void stack_row(const float* plane, std::int64_t row, float* to) const;
  void place_words(std::int64_t channel, std::int64_t first_image, std::int64_t position,
                   std::uint64_t* words) const;
  void write(std::int64_t channel, std::int64_t first_image, std::int64_t position, float* sums,
             std::int64_t count) const;
  template <class Visit>
  void for_each_row(std::int64_t channel, std::int64_t first_image, std::int64_t position,
                    std::int64_t count, Visit visit) const;
  std::int64_t element(std::int64_t channel, std::int64_t image, std::int64_t row) const {
    return ((image * window_.images.channels + channel) * window_.grid_height + row) *
           window_.grid_width;
  }

  Window window_;
  PaddedAxis rows_;
  PaddedAxis columns_;
  const float* weight_;
  float* output_;
  const PreparedMac& mac_;
  const TileEpilogue epilogue_;
  std::int64_t width_;       ///< of a padded row of one phase
  std::int64_t image_size_;  ///< positions of an image in one phase
  std::int64_t unit_images_;
  std::int64_t strip_ = std::int64_t{kTileRows} * tile_columns();
  std::vector<std::int64_t> offsets_;  ///< of the taps, with unit_images_ images stacked
};

DepthwisePlanes::DepthwisePlanes(const Window& window, const float* weight, float* output,
                                 const PreparedMac& mac, const Epilogue& epilogue)
    : window_(window),
      rows_(window.rows, window.kernel_height),
      columns_(window.columns, window.kernel_width),
      weight_(weight),
      output_(output),
      mac_(mac),
      epilogue_(epilogue),
      width_(columns_.phase_extent(window.grid_width)),
      image_size_(rows_.phase_extent(window.grid_height) * width_),
      unit_images_(std::clamp<std::int64_t>(kStackPositions / image_size_, 1,
                                            std::max<std::int64_t>(window.images.batch, 1))) {
  for (std::int64_t tap = 0; tap < window.taps(); ++tap) {
    const std::int64_t row = tap / window.kernel_width;
    const std::int64_t column = tap % window.kernel_width;
    const std::int64_t phase = rows_.phase(row) * columns_.factor() + columns_.phase(column);
    offsets_.push_back(phase * unit_images_ * image_size_ + rows_.shift(row) * width_ +
                       columns_.shift(column));
  }
}

void DepthwisePlanes::run() const {
  const std::int64_t batch = window_.images.batch;
  const std::int64_t blocks = ceiling(batch, unit_images_);
  const std::int64_t planes = rows_.factor() * columns_.factor() * unit_images_ * image_size_;
  // The last strip reaches beyond the planes by less than a strip and the farthest tap.
  const std::int64_t reach = *std::max_element(offsets_.begin(), offsets_.end());
  const std::int64_t size = planes + strip_ + reach + mac_.state_size() + kPanelSlack;
  parallel_for(blocks * window_.images.channels, 1, [&](std::int64_t begin, std::int64_t end) {
    thread_local Scratch scratch;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t first_image = unit % blocks * unit_images_;
      compute(unit / blocks, first_image, std::min(unit_images_, batch - first_image),
              scratch.take(size));
    }
  });
}

void DepthwisePlanes::compute(std::int64_t channel, std::int64_t first_image, std::int64_t images,
                              float* memory) const {
  float* state = memory;
  float* planes = memory + mac_.state_size();
  stack(channel, first_image, images, planes);
  WordPositions words;
  std::vector<std::uint64_t> columns;
  if (mac_.stochastic) {
    columns.resize(static_cast<std::size_t>(strip_));
    words.columns = columns.data();
    words.column_step = tile_columns();
  }
  // Behind the last row of the grid in the last image there are no outputs.
  const std::int64_t end = (images - 1) * image_size_ + window_.grid_height * width_;
  for (std::int64_t position = 0; position < end; position += strip_) {
    const std::int64_t count = std::min(strip_, end - position);
    Tile tile;
    tile.layout = TileLayout::strip;
    tile.left = weight_ + channel * window_.taps();
    tile.right = planes + position;
    tile.offsets = offsets_.data();
    tile.sums = state;
    tile.depth = window_.taps();
    tile.rows = static_cast<int>(ceiling(count, tile_columns()));
    tile.columns = tile.rows > 1 ? tile_columns() : static_cast<int>(count);
    if (mac_.stochastic) {
      place_words(channel, first_image, position, columns.data());
      tile.words = &words;
    }
    std::fill_n(state, mac_.state_size(), 0.0F);
    mac_.accumulate(tile, window_.taps());
    write(channel, first_image, position, mac_.result(tile), count);
  }
}

void DepthwisePlanes::stack(std::int64_t channel, std::int64_t first_image, std::int64_t images,
                            float* planes) const {
  const Images& source = window_.images;
  const std::int64_t phase_size = unit_images_ * image_size_;
  const std::int64_t rows = image_size_ / width_ * rows_.factor();
  for (std::int64_t image = 0; image < images; ++image) {
    const float* plane = source.data + (first_image + image) * source.image_stride +
                         channel * source.height * source.width;
    float* row_start = planes + image * image_size_;
    prefetch(plane + source.height * source.width, source.height * source.width);
    for (std::int64_t row = 0; row < rows;) {
      for (std::int64_t phase = 0; phase < rows_.factor(); ++phase, ++row) {
        stack_row(plane, row, row_start + phase * columns_.factor() * phase_size);
      }
      row_start += width_;
    }
  }
}

/// The next channel's plane of an image follows this one, but a whole image lies between the planes
/// of a stack.
void DepthwisePlanes::prefetch(const float* plane, std::int64_t size) {
  constexpr std::int64_t kLine = 64 / sizeof(float);
  constexpr std::int64_t kSmallPlane = 1024;
  if (size > kSmallPlane) return;
  for (std::int64_t i = 0; i < size; i += kLine) __builtin_prefetch(plane + i);
}

void DepthwisePlanes::stack_row(const float* plane, std::int64_t row, float* to) const {
  const std::int64_t phase_size = unit_images_ * image_size_;
  const std::int64_t source_row = rows_.source(row, window_.images.height);
  if (source_row >= 0) {
    columns_.spread(plane + source_row * window_.images.width, window_.images.width, width_,
                    phase_size, to);
    return;
  }
  for (std::int64_t phase = 0; phase < columns_.factor(); ++phase) {
    clear_run(width_, to + phase * phase_size);
  }
}

void DepthwisePlanes::place_words(std::int64_t channel, std::int64_t first_image,
                                  std::int64_t position, std::uint64_t* words) const {
  for_each_row(channel, first_image, position, strip_,
               [&](std::int64_t i, std::int64_t count, std::int64_t index) {
                 for (std::int64_t column = 0; column < count; ++column) {
                   words[i + column] = static_cast<std::uint64_t>(index + column);
                 }
               });
}

void DepthwisePlanes::write(std::int64_t channel, std::int64_t first_image, std::int64_t position,
                            float* sums, std::int64_t count) const {
  TensorEvents events;
  for_each_row(channel, first_image, position, count,
               [&](std::int64_t i, std::int64_t used, std::int64_t index) {
                 epilogue_.apply(sums + i, static_cast<int>(used), channel, 0,
                                 static_cast<std::uint64_t>(index), events);
                 copy_run(sums + i, used, output_ + index);
               });
  epilogue_.report(events);
}

/// Calls visit(first position less `position`, number, index in the output) for the outputs among
/// `count` positions of a stack, row by row.
template <class Visit>
void DepthwisePlanes::for_each_row(std::int64_t channel, std::int64_t first_image,
                                   std::int64_t position, std::int64_t count, Visit visit) const {
  const std::int64_t image_rows = image_size_ / width_;
  std::int64_t image = first_image + position / image_size_;
  std::int64_t row = position % image_size_ / width_;
  std::int64_t column = position % width_;
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t run = std::min(width_ - column, count - i);
    const std::int64_t used = std::min(window_.grid_width - column, run);
    if (row < window_.grid_height && used > 0) {
      visit(i, used, element(channel, image, row) + column);
    }
    i += run;
    column = 0;
    if (++row == image_rows) {
      row = 0;
      ++image;
    }
  }
}

/// backward_weight: the columns of a tile are channels, its rows are taps.
class DepthwiseWeights {
 public:
  DepthwiseWeights(const ConvolutionShape& shape, const float* x, const float* grad_y,
                   float* grad_weight, const PreparedMac& mac)
      : shape_(shape), x_(x), grad_y_(grad_y), grad_weight_(grad_weight), mac_(mac) {}
  void run() const;

 private:
  static constexpr std::int64_t kBlockDepth = 256;

  /// A multiple of what the mac takes at once.
  std::int64_t block_depth() const { return kBlockDepth / mac_.block * mac_.block; }
  void compute(std::int64_t first_channel, std::int64_t channels, Scratch& scratch) const;
  void compute_taps(const WindowByPosition& inputs, std::int64_t first_k, std::int64_t last_k,
                    const Tile& block, std::int64_t first_channel, float* gathered) const;
  void accumulate(const WindowByPosition& inputs, std::int64_t first_k, std::int64_t last_k,
                  Tile tile, float* gathered) const;
  void write(const Tile& tile, std::int64_t first_channel, std::int64_t first_tap) const;

  const ConvolutionShape& shape_;
  const float* x_;
  const float* grad_y_;
  float* grad_weight_;
  const PreparedMac& mac_;
};

void DepthwiseWeights::run() const {
  // As many channels at once as a tile has columns, unless that leaves threads without work.
  constexpr std::int64_t kFewest = 16;
  const std::int64_t threads = available_threads();
  const std::int64_t even = ceiling(ceiling(shape_.in_channels, threads), kFewest) * kFewest;
  const std::int64_t channels = std::min<std::int64_t>(even, tile_columns());
  const std::int64_t units = ceiling(shape_.in_channels, channels);
  parallel_for(units, 1, [&](std::int64_t begin, std::int64_t end) {
    thread_local Scratch scratch;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      compute(unit * channels, std::min(channels, shape_.in_channels - unit * channels), scratch);
    }
  });
}

void DepthwiseWeights::compute(std::int64_t first_channel, std::int64_t channels,
                               Scratch& scratch) const {
  const WindowByPosition inputs(
      input_window(shape_, input_images(shape_, x_, first_channel, channels)));
  const PixelSource gradients(output_images(shape_, grad_y_, first_channel, channels));
  const std::int64_t state = ceiling(taps(shape_), kTileRows) * mac_.state_size();
  const std::int64_t depth_of_block = block_depth();
  const std::int64_t left = depth_of_block * channels + kMaxTileColumns;
  const std::int64_t right = inputs.block_memory(depth_of_block) + kMaxTileColumns;
  const std::int64_t gathered =
      mac_.block > 1 ? depth_of_block * channels * kTileRows + kMaxTileColumns : 0;
  float* memory = scratch.take(state + left + right + gathered);
  std::fill_n(memory, state, 0.0F);
  PanelMemory shared;
  shared.block = memory + state + left;
  Tile block;
  block.layout = TileLayout::channels;
  block.sums = memory;
  block.left = memory + state;
  block.right = shared.block;
  block.left_step = channels;
  block.right_step = inputs.position_step();
  block.columns = static_cast<int>(channels);
  const std::int64_t depth = shape_.batch * out_plane(shape_);
  for (std::int64_t k = 0; k < depth; k += depth_of_block) {
    const std::int64_t last_k = std::min(k + depth_of_block, depth);
    inputs.prepare_block(k, last_k, shared);
    gradients.pack({0, static_cast<int>(channels), k, last_k}, static_cast<int>(channels), {},
                   memory + state);
    compute_taps(inputs, k, last_k, block, first_channel, shared.block + right);
  }
  for (std::int64_t tap = 0; tap < taps(shape_); tap += kTileRows) {
    Tile tile = block;
    tile.sums = memory + tap / kTileRows * mac_.state_size();
    tile.sums = mac_.result(tile);
    write(tile, first_channel, tap);
  }
}

void DepthwiseWeights::compute_taps(const WindowByPosition& inputs, std::int64_t first_k,
                                    std::int64_t last_k, const Tile& block,
                                    std::int64_t first_channel, float* gathered) const {
  for (std::int64_t first_tap = 0; first_tap < taps(shape_); first_tap += kTileRows) {
    Tile tile = block;
    tile.sums += first_tap / kTileRows * mac_.state_size();
    tile.rows = static_cast<int>(std::min<std::int64_t>(taps(shape_) - first_tap, kTileRows));
    std::int64_t offsets[kTileRows] = {};
    std::uint64_t columns[kMaxTileColumns] = {};
    WordPositions words;
    words.columns = columns;
    for (int row = 0; row < tile.rows; ++row) {
      offsets[row] = inputs.tap_offset(first_tap + row);
      words.rows[row] = static_cast<std::uint64_t>(first_tap + row);
    }
    for (int column = 0; column < tile.columns; ++column) {
      columns[column] = static_cast<std::uint64_t>((first_channel + column) * taps(shape_));
    }
    tile.offsets = offsets;
    if (mac_.stochastic) tile.words = &words;
    tile.first_k = first_k;
    accumulate(inputs, first_k, last_k, tile, gathered);
  }
}

/// The products of one tile with the rows of the grid, each of which is a run of memory. A mac that
/// takes products in blocks, which the ends of rows would break, takes them all at once from a
/// copy.
void DepthwiseWeights::accumulate(const WindowByPosition& inputs, std::int64_t first_k,
                                  std::int64_t last_k, Tile tile, float* gathered) const {
  const std::int64_t depth = shape_.batch * out_plane(shape_);
  if (mac_.block == 1) {
    inputs.for_each_row(first_k, last_k, tile.right,
                        [&](const float* source, std::int64_t positions) {
                          tile.right = source;
                          tile.depth = positions;
                          mac_.accumulate(tile, depth);
                          tile.left += positions * tile.left_step;
                          tile.first_k += positions;
                        });
    return;
  }
  float* to = gathered;
  inputs.for_each_row(first_k, last_k, tile.right,
                      [&](const float* source, std::int64_t positions) {
                        for (std::int64_t i = 0; i < positions; ++i, source += tile.right_step) {
                          for (int row = 0; row < tile.rows; ++row, to += tile.columns) {
                            copy_run(source + tile.offsets[row], tile.columns, to);
                          }
                        }
                      });
  std::int64_t offsets[kTileRows] = {};
  for (int row = 0; row < tile.rows; ++row) offsets[row] = std::int64_t{row} * tile.columns;
  tile.offsets = offsets;
  tile.right = gathered;
  tile.right_step = std::int64_t{tile.rows} * tile.columns;
  tile.depth = last_k - first_k;
  mac_.accumulate(tile, depth);
}

void DepthwiseWeights::write(const Tile& tile, std::int64_t first_channel,
                             std::int64_t first_tap) const {
  const std::int64_t rows = std::min<std::int64_t>(taps(shape_) - first_tap, kTileRows);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < tile.columns; ++column) {
      grad_weight_[(first_channel + column) * taps(shape_) + first_tap + row] =
          tile.sums[row * tile_columns() + column];
    }
  }
}

}  // namespace

void depthwise_forward(const ConvolutionShape& shape, const float* x, const float* weight, float* y,
                       const Mac& mac, RandomKey key, const Epilogue& epilogue,
                       const ConvolutionFacts& facts) {
  if (shape.out_elements() == 0) return;
  const PreparedMac prepared = prepare(mac, key, facts.left, facts.right, taps(shape));
  const Window window = input_window(shape, input_images(shape, x, 0, shape.in_channels));
  DepthwisePlanes(window, weight, y, prepared, epilogue).run();
}

void depthwise_backward_data(const ConvolutionShape& shape, const float* grad_y,
                             const float* weight, float* grad_x, const Mac& mac, RandomKey key,
                             const ConvolutionFacts& facts) {
  if (shape.in_elements() == 0) return;
  const PreparedMac prepared = prepare(mac, key, facts.left, facts.right, taps(shape));
  const Window window = output_window(shape, output_images(shape, grad_y, 0, shape.out_channels));
  DepthwisePlanes(window, weight, grad_x, prepared, {}).run();
}

void depthwise_backward_weight(const ConvolutionShape& shape, const float* x, const float* grad_y,
                               float* grad_weight, const Mac& mac, RandomKey key,
                               const ConvolutionFacts& facts) {
  const std::int64_t depth = shape.batch * out_plane(shape);
  const PreparedMac prepared = prepare(mac, key, facts.left, facts.right, depth);
  DepthwiseWeights(shape, x, grad_y, grad_weight, prepared).run();
}

}  // namespace mantissa
