// Sums that are no chains, one element at a time, by the steps of the scalar reference. They serve
// every Mac; vector kernels serve the frequent ones.

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "kernels/microkernel_elements.h"
#include "numeric/quire.h"

namespace mantissa {
namespace {

double product(const Tile& tile, const Accumulation& self, const ElementWords& words,
               std::int64_t k, int row, int column) {
  const auto [left, right] = factors(tile, k, row, column);
  return multiply_rounded(left, right, self.mac, words.word(self.product_key, k));
}

/// An element's quire lies across the planes of the state.
Quire load_quire(const float* state) {
  Quire::Words words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = std::bit_cast<std::uint32_t>(state[static_cast<std::int64_t>(i) * plane_size()]);
  }
  return Quire(words);
}

void store_quire(const Quire& quire, float* state) {
  const Quire::Words& words = quire.words();
  for (std::size_t i = 0; i < words.size(); ++i) {
    state[static_cast<std::int64_t>(i) * plane_size()] = std::bit_cast<float>(words[i]);
  }
}

void multiply_quire(const Tile& tile, const Accumulation& self) {
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const ElementWords words(tile, row, column);
    Quire quire = load_quire(tile.sums + at);
    for (std::int64_t k = 0; k < tile.depth; ++k) {
      quire.add(product(tile, self, words, k, row, column));
    }
    store_quire(quire, tile.sums + at);
  });
}

void finish_quire(const Tile& tile, const Accumulation& self) {
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const ElementWords words(tile, row, column);
    const std::uint32_t random = tile.first_k == 0 ? 0 : words.word(self.sum_key, -1);
    const Quire quire = load_quire(tile.sums + at);
    tile.sums[at] = static_cast<float>(quire.rounded(self.mac.accumulator, random));
  });
}

void begin_quire(const Tile& tile, const Accumulation& /*self*/) {
  for_each_element(tile, [&](int /*row*/, int /*column*/, std::int64_t at) {
    Quire quire;
    quire.add(static_cast<double>(tile.right[at]));
    store_quire(quire, tile.sums + at);
  });
}

/// The second plane holds the compensations.
void multiply_kahan(const Tile& tile, const Accumulation& self) {
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const ElementWords words(tile, row, column);
    float* state = tile.sums + at;
    KahanSum sum = {static_cast<double>(state[0]), static_cast<double>(state[plane_size()])};
    for (std::int64_t k = 0; k < tile.depth; ++k) {
      sum.add(product(tile, self, words, k, row, column), self.mac.accumulator,
              words.compensated(self.sum_key, k));
    }
    state[0] = static_cast<float>(sum.sum);
    state[plane_size()] = static_cast<float>(sum.compensation);
  });
}

/// Behind the first plane, which holds what the sum began with, plane 1 + j holds the sum of the
/// last 2^j products that no larger one holds. Which of them are in use, the number of products
/// done says, as a binary counter does.
void multiply_pairwise(const Tile& tile, const Accumulation& self) {
  const Quantization& to = self.mac.accumulator;
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const ElementWords words(tile, row, column);
    float* levels = tile.sums + at + plane_size();
    for (std::int64_t k = 0; k < tile.depth; ++k) {
      const std::int64_t done = (tile.first_k + k) % self.run;
      double sum = round_to_format(product(tile, self, words, k, row, column), to.format,
                                   to.rounding, words.word(self.sum_key, k));
      std::int64_t size = 1;
      float* level = levels;
      for (; (done & size) != 0; size *= 2, level += plane_size()) {
        sum = add_rounded(static_cast<double>(*level), sum, to,
                          words.word(self.tree_key, k + 1 - size));
      }
      *level = static_cast<float>(sum);
    }
  });
}

void finish_pairwise(const Tile& tile, const Accumulation& self) {
  const std::int64_t done = tile.first_k == 0 ? 0 : (tile.first_k - 1) % self.run + 1;
  if (done == 0) return;
  const Quantization& to = self.mac.accumulator;
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const ElementWords words(tile, row, column);
    const float* level = tile.sums + at + plane_size();
    std::int64_t size = 1;
    while ((done & size) == 0) {
      size *= 2;
      level += plane_size();
    }
    auto sum = static_cast<double>(*level);
    std::int64_t summed = size;
    for (size *= 2, level += plane_size(); summed < done; size *= 2, level += plane_size()) {
      if ((done & size) == 0) continue;
      sum = add_rounded(static_cast<double>(*level), sum, to, words.word(self.tree_key, -summed));
      summed += size;
    }
    float& start = tile.sums[at];
    start = static_cast<float>(
        add_rounded(static_cast<double>(start), sum, to, words.word(self.tree_key, -done)));
  });
}

void multiply_aligned(const Tile& tile, const Accumulation& self) {
  const std::int64_t block = self.mac.block.products;
  std::vector<AlignedTerm> terms;
  for_each_element(tile, [&](int row, int column, std::int64_t at) {
    const ElementWords words(tile, row, column);
    auto sum = static_cast<double>(tile.sums[at]);
    for (std::int64_t first = 0; first < tile.depth; first += block) {
      const std::int64_t last = std::min(first + block, tile.depth);
      terms.clear();
      for (std::int64_t k = first; k < last; ++k) {
        const auto [left, right] = factors(tile, k, row, column);
        terms.push_back(aligned_product(left, right, self.mac, words.word(self.product_key, k)));
      }
      sum = add_aligned(sum, terms, self.mac, words.word(self.sum_key, last - 1));
    }
    tile.sums[at] = static_cast<float>(sum);
  });
}

/// Cuts the bits that a sum of `depth` products can have into binary64 words.
///
/// Products are multiples of 2^lowest and below 2^highest. The last word, a plain sum, stays exact
/// while depth times its addends is at most 2^(53 + lowest). A word above it is held by an anchor
/// 1.5 * 2^(q + 52), so that its last place is 2^q whatever is added: it takes addends as multiples
/// of 2^q, leaves at most 2^(q - 1) of each to the word below, and is exact while all that it takes
/// stays within 2^(q + 51).
bool plan_exact_words(const Mac& mac, const OperandFacts& left, const OperandFacts& right,
                      std::int64_t depth, PlanExact& plan) {
  if (mac.rounds_product || !mac.multiplier.is_exact() || !left.finite || !right.finite) {
    return false;
  }
  const double bound = static_cast<double>(left.largest) * static_cast<double>(right.largest);
  const int lowest = left.lowest_exponent + right.lowest_exponent;
  const int highest = bound == 0 ? lowest : std::ilogb(bound) + 1;
  const auto carries = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(depth)));
  plan.words = 1;
  int reach = 53 + lowest - carries;  // addends below 2^reach fit the words so far
  while (highest > reach) {
    if (plan.words == PlanExact::kMaxWords) return false;
    const int quantum = reach + 1;
    for (int i = plan.words - 1; i > 0; --i) plan.anchors[i] = plan.anchors[i - 1];
    plan.anchors[0] = std::ldexp(1.5, quantum + 52);
    ++plan.words;
    reach = quantum + 50 - carries;
  }
  plan.to_binary32 = mac.accumulator == Quantization{};
  return true;
}

}  // namespace

void plan_summation(Accumulation& accumulation, const OperandFacts& left, const OperandFacts& right,
                    std::int64_t depth) {
  switch (accumulation.mac.summation) {
    case Summation::exact:
      if (plan_exact_words(accumulation.mac, left, right, depth, accumulation.exact)) {
        accumulation.multiply = multiply_exact_words;
        accumulation.finish = finish_exact_words;
        accumulation.begin = begin_exact_words;
        accumulation.planes = 2 * accumulation.exact.words;
        break;
      }
      accumulation.multiply = multiply_quire;
      accumulation.finish = finish_quire;
      accumulation.begin = begin_quire;
      accumulation.planes = Quire::kWords + 1;
      break;
    case Summation::kahan:
      accumulation.multiply = multiply_kahan;
      accumulation.planes = 2;
      break;
    case Summation::pairwise:
      accumulation.multiply = multiply_pairwise;
      accumulation.finish = finish_pairwise;
      accumulation.planes = 1 + static_cast<int>(std::bit_width(static_cast<std::uint64_t>(depth)));
      break;
    case Summation::aligned:
      accumulation.multiply = multiply_aligned;
      break;
    case Summation::chain:
      break;
  }
}

}  // namespace mantissa
