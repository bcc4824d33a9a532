// How a prepared mac runs through a tile: chunks, the forms of panels, and the state of its sums.

#include <algorithm>
#include <array>

#include "kernels/microkernel_elements.h"
#include "kernels/product_table.h"

namespace mantissa {

std::int64_t PreparedMac::state_size() const {
  return plane_size() * (inner.planes + (chunk > 0 ? 1 : 0));
}

float* PreparedMac::result(const Tile& tile) const {
  return tile.sums + (chunk > 0 ? plane_size() * inner.planes : 0);
}

void PreparedMac::begin(const Tile& tile) const {
  if (chunk == 0 && inner.begin != nullptr) {
    inner.begin(tile, inner);
    return;
  }
  std::copy_n(tile.right, plane_size(), result(tile));
}

bool PreparedMac::takes_integers() const {
  const bool summed =
      inner.mac.summation == Summation::chain || inner.multiply == multiply_exact_words;
  return chunk == 0 && summed && inner.mac.multiplier.is_exact() && has_byte_dot();
}

std::int64_t PreparedMac::integers(int quantum_exponent) const {
  return takes_integers() ? exact_integers(inner.mac, quantum_exponent) : 0;
}

void PreparedMac::leave_integers(const Tile& tile) const {
  integers_to_binary32(tile.sums, plane_size(), tile.quantum_exponent);
  if (inner.begin == nullptr) return;
  std::array<float, std::size_t{kTileRows} * kMaxTileColumns> sums{};
  std::copy_n(tile.sums, plane_size(), sums.data());
  std::fill_n(tile.sums, plane_size(), 0.0F);
  Tile start = tile;
  start.right = sums.data();
  inner.begin(start, inner);
}

/// Continues sums that are integers, of a tile in quads or codes.
void PreparedMac::accumulate_integers(Tile tile, std::int64_t total_depth) const {
  if (tile.form == PanelForm::quads) {
    multiply_quads(tile);
  } else {
    inner.multiply_codes(tile, inner);
    tile.quantum_exponent = inner.table->quantum_exponent;
  }
  if (tile.first_k + tile.depth < total_depth) return;
  if (tile.form == PanelForm::codes || inner.mac.accumulator == Quantization{}) {
    // No sum needs a rounding but that to binary32.
    integers_to_binary32(tile.sums, plane_size(), tile.quantum_exponent);
    return;
  }
  leave_integers(tile);
  tile.advance(tile.depth);
  if (inner.finish != nullptr) inner.finish(tile, inner);
}

void PreparedMac::accumulate_chunks(Tile tile, std::int64_t total_depth) const {
  Tile merge = tile;
  merge.right = tile.sums;
  merge.sums = result(tile);
  const std::int64_t last = tile.first_k + tile.depth;
  while (tile.first_k < last) {
    const std::int64_t start = tile.first_k - tile.first_k % chunk;
    tile.depth = std::min(start + chunk, last) - tile.first_k;
    (tile.form == PanelForm::pairs ? inner.multiply_pairs : inner.multiply)(tile, inner);
    tile.advance(tile.depth);
    if (tile.first_k == start + chunk || tile.first_k == total_depth) {
      if (inner.finish != nullptr) inner.finish(tile, inner);
      merge.first_k = start;
      outer.add(merge, outer);
      std::fill_n(tile.sums, plane_size() * inner.planes, 0.0F);
    }
  }
}

void PreparedMac::accumulate(Tile tile, std::int64_t total_depth) const {
  if (tile.form == PanelForm::quads || tile.form == PanelForm::codes) {
    accumulate_integers(tile, total_depth);
    return;
  }
  if (chunk > 0) {
    accumulate_chunks(tile, total_depth);
    return;
  }
  (tile.form == PanelForm::pairs ? inner.multiply_pairs : inner.multiply)(tile, inner);
  if (inner.finish == nullptr || tile.first_k + tile.depth < total_depth) return;
  tile.advance(tile.depth);
  inner.finish(tile, inner);
}

}  // namespace mantissa
