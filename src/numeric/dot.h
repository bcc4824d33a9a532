#pragma once

#include <span>

#include "numeric/events.h"
#include "numeric/mac.h"

namespace mantissa {

/// c + sum over k of a[k] * b[k] as `mac` describes it, by exact arithmetic, one rounding after the
/// other: the readable reference of every kernel. docs/numerics.md defines each sum.
///
/// `start` is c. Where the sum is exact it is one more addend; else it is rounded to nearest even
/// into the accumulator (that of the chunks where there are some) before the first product.
///
/// Random words of product k, where something rounds stochastically, all of the chain `chain`
/// (numeric/rounding_words.h):
///   product                   word k under key.child("product")
///   chain, aligned, exact     word k under key.child("sum"); of aligned sums with the last k of
///                             the block, of exact ones with the last k of the run
///   kahan                     words 4k to 4k + 3 under key.child("sum")
///   pairwise                  leaf k word k under key.child("sum"), the node whose right half
///                             begins with k word k under key.child("tree")
///   sum of a run of a chunk   word k under key.child("chunk"), with the first k of the run
///
/// What happens on the way is added to `*events`, if wanted. An addend counts as swamped if the sum
/// does not change by it: in a chain (also one of chunks' sums), where it leaves neither the sum
/// nor the compensation of `kahan` another, at a node of `pairwise` the one of two sums that the
/// result is equal to without, and in an aligned block where the cut leaves nothing of it.
double dot(float start, std::span<const float> a, std::span<const float> b, const Mac& mac,
           RandomKey key = {}, std::uint64_t chain = 0, SumEvents* events = nullptr);

/// c as the sum takes it.
double starting_sum(float start, const Mac& mac);

}  // namespace mantissa
