#include "numeric/sum_watch.h"

#include <cmath>

namespace mantissa {

SumWatch::SumWatch(SumEvents* events, const Format& sum) : events_(events) {
  if (events == nullptr) return;
  const FormatFacts format = facts(sum);
  largest_ = format.max_finite;
  most_negative_ = format.min_finite;
}

void SumWatch::multiplied(float a, float b, double product) const {
  if (events_ == nullptr || a == 0 || b == 0) return;
  ++events_->products;
  if (product == 0) ++events_->underflows;
}

void SumWatch::added(double before, double addend, double after, bool kept) const {
  if (events_ == nullptr || addend == 0) return;
  if (!std::isfinite(before) || !std::isfinite(addend)) return;
  ++events_->addends;
  if (is_beyond(before + addend)) {
    ++events_->overflows;
  } else if (after == before && !kept) {
    ++events_->swamped;
  }
}

void SumWatch::joined(double left, double right, double after) const {
  if (events_ == nullptr || left == 0 || right == 0) return;
  if (std::abs(left) < std::abs(right)) {
    added(right, left, after);
  } else {
    added(left, right, after);
  }
}

void SumWatch::added_block(double before, std::span<const AlignedTerm> products,
                           std::int64_t lost) const {
  if (events_ == nullptr || !std::isfinite(before)) return;
  double sum = before;
  std::int64_t addends = 0;
  for (const AlignedTerm& term : products) {
    if (!std::isfinite(term.value)) return;
    sum += term.value;
    if (term.value != 0) ++addends;
  }
  events_->addends += addends;
  events_->swamped += lost;
  if (is_beyond(sum)) ++events_->overflows;
}

void SumWatch::added_exactly(std::int64_t addends, double sum) const {
  if (events_ == nullptr) return;
  events_->addends += addends;
  if (is_beyond(sum)) ++events_->overflows;
}

void SumWatch::ended(double sum) const {
  if (events_ == nullptr) return;
  ++events_->sums;
  if (std::isnan(sum)) ++events_->nans;
}

}  // namespace mantissa
