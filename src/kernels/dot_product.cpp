#include "kernels/dot_product.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <numeric>
#include <vector>

#include "kernels/microkernel.h"
#include "kernels/packing.h"
#include "numeric/dot.h"

namespace mantissa {
namespace {

OperandFacts facts_of(std::span<const float> values) {
  return measure_facts(values.data(), static_cast<std::int64_t>(values.size()));
}

/// One operand as the only item of panels of `width`.
std::vector<float> panel(std::span<const float> values, int width) {
  std::vector<float> packed(values.size() * static_cast<std::size_t>(width) + kPanelSlack);
  const StridedSource source(values.data(), 0, 1);
  source.pack({0, 1, 0, static_cast<std::int64_t>(values.size())}, width, {}, packed.data());
  return packed;
}

}  // namespace

float dot_product(float start, std::span<const float> a, std::span<const float> b, const Mac& mac,
                  RandomKey key, std::uint64_t chain) {
  assert(a.size() == b.size());
  OperandFacts left = facts_of(a);
  OperandFacts right = facts_of(b);
  const auto first_sum = static_cast<float>(starting_sum(start, mac));
  const bool begins_elsewhere = std::bit_cast<std::uint32_t>(first_sum) != 0;
  if (begins_elsewhere) {
    // What is proven of sums from +0 must hold with c among the products; -0 breaks most proofs,
    // but those of exact sums.
    left = join(left, facts_of(std::span(&first_sum, 1)));
    const float one = 1;
    right = join(right, facts_of(std::span(&one, 1)));
    if (mac.summation != Summation::exact) left.finite = false;
  }
  const auto depth = static_cast<std::int64_t>(a.size());
  const PreparedMac prepared = prepare(mac, key, left, right, depth + 1);
  const std::vector<float> left_panel = panel(a, kTileRows);
  const std::vector<float> right_panel = panel(b, tile_columns());
  std::vector<float> state(static_cast<std::size_t>(prepared.state_size()));
  std::vector<float> starts(static_cast<std::size_t>(kTileRows * tile_columns()));
  starts.front() = first_sum;
  WordPositions words;
  const std::vector<std::uint64_t> columns(static_cast<std::size_t>(tile_columns()));
  words.columns = columns.data();
  words.rows[0] = chain;
  Tile tile;
  tile.sums = state.data();
  tile.rows = 1;
  tile.columns = 1;
  tile.right = starts.data();
  if (prepared.stochastic) tile.words = &words;
  if (begins_elsewhere) prepared.begin(tile);
  tile.left = left_panel.data();
  tile.right = right_panel.data();
  tile.depth = depth;
  prepared.accumulate(tile, depth);
  return *prepared.result(tile);
}

}  // namespace mantissa
