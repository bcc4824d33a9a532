#include "numeric/dot.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <vector>

#include "numeric/quire.h"
#include "numeric/rounding_words.h"
#include "numeric/sum_watch.h"

namespace mantissa {
namespace {

/// The products [first, last) of a dot product, without chunks.
class Run {
 public:
  Run(std::span<const float> a, std::span<const float> b, const Mac& mac, RandomKey key,
      std::uint64_t chain, SumEvents* events)
      : a_(a),
        b_(b),
        mac_(mac),
        product_key_(key.child("product")),
        sum_key_(key.child("sum")),
        tree_key_(key.child("tree")),
        chain_(chain),
        watch_(events, mac.accumulator.format) {}

  double sum(double start, std::size_t first, std::size_t last) const {
    switch (mac_.summation) {
      case Summation::chain:
        return chain(start, first, last);
      case Summation::exact:
        return exact(start, first, last);
      case Summation::kahan:
        return kahan(start, first, last);
      case Summation::pairwise:
        break;
      case Summation::aligned:
        return aligned(start, first, last);
    }
    return first == last ? start : join(start, tree(first, last), first);
  }

 private:
  std::uint32_t product_word(std::size_t k) const { return rounding_word(product_key_, k, chain_); }
  std::uint32_t sum_word(std::size_t k) const { return rounding_word(sum_key_, k, chain_); }
  std::uint32_t tree_word(std::size_t k) const { return rounding_word(tree_key_, k, chain_); }
  double product(std::size_t k) const {
    const double product = multiply_rounded(a_[k], b_[k], mac_, product_word(k));
    watch_.multiplied(a_[k], b_[k], product);
    return product;
  }

  double chain(double sum, std::size_t first, std::size_t last) const {
    for (std::size_t k = first; k < last; ++k) {
      const double before = sum;
      const double addend = product(k);
      sum = add_rounded(before, addend, mac_.accumulator, sum_word(k));
      watch_.added(before, addend, sum);
    }
    return sum;
  }

  double exact(double start, std::size_t first, std::size_t last) const {
    Quire quire;
    quire.add(start);
    std::int64_t addends = 0;
    for (std::size_t k = first; k < last; ++k) {
      const double addend = product(k);
      quire.add(addend);
      if (addend != 0) ++addends;
    }
    if (watch_) {
      const double nearly = quire.rounded({});
      if (std::isfinite(nearly)) watch_.added_exactly(addends, nearly);
    }
    return quire.rounded(mac_.accumulator, first == last ? 0 : sum_word(last - 1));
  }

  double kahan(double start, std::size_t first, std::size_t last) const {
    KahanSum sum = {start, 0};
    for (std::size_t k = first; k < last; ++k) {
      const auto random = [&](std::size_t i) { return sum_word(4 * k + i); };
      const KahanSum before = sum;
      const double addend = product(k);
      sum.add(addend, mac_.accumulator, {random(0), random(1), random(2), random(3)});
      watch_.added(before.sum, addend, sum.sum, sum.compensation != before.compensation);
    }
    return sum.sum;
  }

  /// A node of n > 1 products has the largest power of two below n of them on its left.
  double tree(std::size_t first, std::size_t last) const {
    if (last - first == 1) {
      const Quantization& to = mac_.accumulator;
      return round_to_format(product(first), to.format, to.rounding, sum_word(first));
    }
    const std::size_t middle = first + std::bit_floor(last - first - 1);
    const double left = tree(first, middle);
    return join(left, tree(middle, last), middle);
  }

  /// The node whose right half begins with k.
  double join(double left, double right, std::size_t k) const {
    const double sum = add_rounded(left, right, mac_.accumulator, tree_word(k));
    watch_.joined(left, right, sum);
    return sum;
  }

  double aligned(double sum, std::size_t first, std::size_t last) const {
    std::vector<AlignedTerm> terms;
    for (std::size_t k = first; k < last; ++k) {
      terms.push_back(aligned_product(a_[k], b_[k], mac_, product_word(k)));
      watch_.multiplied(a_[k], b_[k], terms.back().value);
      if (terms.size() < static_cast<std::size_t>(mac_.block.products) && k + 1 < last) continue;
      std::int64_t lost = 0;
      const double before = sum;
      sum = add_aligned(before, terms, mac_, sum_word(k), &lost);
      watch_.added_block(before, terms, lost);
      terms.clear();
    }
    return sum;
  }

  std::span<const float> a_;
  std::span<const float> b_;
  const Mac& mac_;
  RandomKey product_key_;
  RandomKey sum_key_;
  RandomKey tree_key_;
  std::uint64_t chain_;
  SumWatch watch_;
};

}  // namespace

double starting_sum(float start, const Mac& mac) {
  const bool exact = mac.summation == Summation::exact && mac.chunk == 0;
  const Format& format = mac.chunk > 0 ? mac.chunk_accumulator.format : mac.accumulator.format;
  return exact ? static_cast<double>(start)
               : round_to_format(static_cast<double>(start), format, {});
}

double dot(float start, std::span<const float> a, std::span<const float> b, const Mac& mac,
           RandomKey key, std::uint64_t chain, SumEvents* events) {
  assert(a.size() == b.size());
  const Run run(a, b, mac, key, chain, events);
  const SumWatch watch(events, mac.chunk_accumulator.format);
  double total = starting_sum(start, mac);
  if (mac.chunk == 0) {
    total = run.sum(total, 0, a.size());
    watch.ended(total);
    return total;
  }
  const auto chunk = static_cast<std::size_t>(mac.chunk);
  for (std::size_t first = 0; first < a.size(); first += chunk) {
    const double sum = run.sum(0, first, std::min(first + chunk, a.size()));
    const double before = total;
    total = add_rounded(before, sum, mac.chunk_accumulator,
                        rounding_word(key.child("chunk"), first, chain));
    watch.added(before, sum, total);
  }
  watch.ended(total);
  return total;
}

}  // namespace mantissa
