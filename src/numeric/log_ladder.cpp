#include "numeric/log_ladder.h"

#include <algorithm>
#include <cmath>

#include "numeric/takum_code.h"

namespace mantissa {
namespace {

/// |value| cut to the 53 bits of a binary64 number.
struct Cut {
  double magnitude = 0;
  bool inexact = false;
};

Cut cut(const ExactValue& value) {
  constexpr int kBits = 53;
  const int behind = value.leading_exponent() - value.exponent - (kBits - 1);
  if (behind <= 0) {
    return {std::ldexp(static_cast<double>(value.magnitude), value.exponent), value.has_tail};
  }
  const UnsignedInt128 kept = value.magnitude >> behind;
  return {std::ldexp(static_cast<double>(kept), value.exponent + behind),
          value.has_tail || kept << behind != value.magnitude};
}

}  // namespace

std::int64_t LogLadder::position(std::int64_t rung) const {
  if (takum_bits > 0) return takum::position(static_cast<std::uint32_t>(rung), takum_bits);
  return rung * (std::int64_t{1} << (ExactPowers::kPositionBits - fraction_bits));
}

std::int64_t LogLadder::middle(std::int64_t rung) const {
  if (takum_bits > 0) {
    return takum::position(static_cast<std::uint32_t>(2 * rung + 1), takum_bits + 1);
  }
  return (2 * rung + 1) * (std::int64_t{1} << (ExactPowers::kPositionBits - fraction_bits - 1));
}

std::int64_t LogLadder::below(double magnitude) const {
  const auto near = static_cast<std::int64_t>(powers->near_position(magnitude));
  std::int64_t rung = takum_bits > 0 ? std::int64_t{takum::code(near, takum_bits)}
                                     : near >> (ExactPowers::kPositionBits - fraction_bits);
  rung = std::clamp(rung, first, last - 1);
  while (member(rung) > magnitude) --rung;
  while (member(rung + 1) <= magnitude) ++rung;
  return rung;
}

Neighbours LogLadder::around(const ExactValue& value) const {
  const Cut x = cut(value);
  const double least = member(first);
  if (x.magnitude < least) {
    if (!zero_below) return {least, least, 0, false};
    const std::int64_t half = first - (std::int64_t{1} << fraction_bits);
    return {0, least, powers->compare(value, middle(half)), false};
  }
  const double largest = member(last);
  if (x.magnitude >= largest) return {largest, largest, 0, false};
  const std::int64_t rung = below(x.magnitude);
  Neighbours found;
  found.below = member(rung);
  found.above = x.magnitude == found.below && !x.inexact ? found.below : member(rung + 1);
  found.against_middle = powers->compare(value, middle(rung));
  found.below_is_odd = rung % 2 != 0;
  return found;
}

}  // namespace mantissa
