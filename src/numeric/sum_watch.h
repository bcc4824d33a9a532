#pragma once

#include <span>

#include "numeric/events.h"
#include "numeric/mac.h"

namespace mantissa {

/// Follows one sum in a format and counts what happens; does nothing where nobody wants to know.
class SumWatch {
 public:
  SumWatch(SumEvents* events, const Format& sum);

  /// a * b was rounded to `product`.
  void multiplied(float a, float b, double product) const;

  /// `before` + `addend` was rounded to `after`; true in `kept` if something else has kept of the
  /// addend what `after` has not.
  void added(double before, double addend, double after, bool kept = false) const;

  /// Two sums became one.
  void joined(double left, double right, double after) const;

  /// A block of products was added, and the cut left nothing of `lost` of them.
  void added_block(double before, std::span<const AlignedTerm> products, std::int64_t lost) const;

  /// All products were added without rounding; `sum` is nearly the sum.
  void added_exactly(std::int64_t addends, double sum) const;

  /// The whole sum, of all runs, is there.
  void ended(double sum) const;

  explicit operator bool() const { return events_ != nullptr; }

 private:
  bool is_beyond(double sum) const { return sum > largest_ || sum < most_negative_; }

  SumEvents* events_;
  double largest_ = 0;
  double most_negative_ = 0;
};

}  // namespace mantissa
