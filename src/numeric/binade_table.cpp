#include "numeric/binade_table.h"

#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "numeric/family.h"
#include "numeric/quantize.h"
#include "numeric/table_cache.h"

namespace mantissa {
namespace {

constexpr int kFraction = 23;
constexpr int kBias = 127;
constexpr std::int32_t kHidden = 1 << kFraction;  // the distance of codes of neighbouring binades
constexpr std::int32_t kInfinity = 0xFF << kFraction;

float value_of(std::int32_t code) {
  return std::bit_cast<float>(code);
}

/// Bits that every member in the binade has zeros in, if members are equally far apart there.
struct Step {
  bool even = false;
  int dropped_bits = 0;
  bool odd_start = false;  ///< the code of the first member is odd
};

class TableMaker {
 public:
  TableMaker(const Format& format, RoundingMode mode) : format_(format), mode_(mode) {}

  BinadeTable make() {
    const FormatFacts known = facts(format_);
    table_.largest = code_of(known.max_finite);
    table_.has_negative_zero = known.has_negative_zero;
    for (std::size_t binade = 0; binade < BinadeTable::kBinades; ++binade) fill(binade);
    return table_;
  }

 private:
  static std::int32_t code_of(double value) {
    return std::bit_cast<std::int32_t>(static_cast<float>(std::abs(value)));
  }

  Neighbours around(double value) const {
    return std::visit(
        [&](const auto& parameters) -> Neighbours {
          if constexpr (family::Uneven<std::decay_t<decltype(parameters)>>) {
            return family::neighbours(parameters, exact_value(value));
          } else {
            return {};
          }
        },
        format_.parameters());
  }

  std::int32_t rounded(std::int32_t code, bool negative) const {
    const auto value = static_cast<double>(value_of(code));
    return code_of(round_to_format(negative ? -value : value, format_, mode_));
  }

  /// Looks a little above the binade's first number, where the members around it are those of the
  /// binade if any are.
  Step step(std::int32_t binade) const {
    constexpr double kLittle = 0x1p-40;  // less than a unit in the last place of any member
    Step step;
    if (binade == 0) {
      const Neighbours nearest = around(0x1p-149 * kLittle);
      const Neighbours last = around(0x1p-127 * (1 + kLittle));
      step.even = nearest.below == 0 && last.above - last.below == nearest.above;
      step.dropped_bits = step.even ? std::ilogb(nearest.above) + kBias - 1 + kFraction : 0;
      step.even = step.even && step.dropped_bits >= 0 && step.dropped_bits < kFraction;
      return step;
    }
    const double first = std::ldexp(1.0, binade - kBias);
    const Neighbours found = around(first * (1 + kLittle));
    if (found.below != first || found.above == first || found.above > 2 * first) return step;
    step.even = true;
    step.dropped_bits = std::ilogb(found.above - found.below) - (binade - kBias) + kFraction;
    step.odd_start = found.below_is_odd;
    return step;
  }

  void fill(std::size_t binade) {
    const auto field = static_cast<std::int32_t>(binade);
    const Step found = field == kInfinity >> kFraction ? Step{} : step(field);
    int entry = 0;
    if (found.even) {
      entry = found.dropped_bits;
      const bool last_bit_is_set = field % 2 != 0;
      const bool flips = found.dropped_bits == kFraction && last_bit_is_set != found.odd_start;
      if (flips) entry |= BinadeTable::kFlipsOdd;
    } else {
      entry = BinadeTable::kHasTwoResults;
      fill_two_results(field, false);
      fill_two_results(field, true);
    }
    constexpr std::size_t kNumber = BinadeTable::kPerNumber;
    table_.entries[binade / kNumber] |= static_cast<std::uint32_t>(entry)
                                        << (8 * (binade % kNumber));
  }

  void fill_two_results(std::int32_t binade, bool negative) {
    const std::size_t at =
        static_cast<std::size_t>(binade) + (negative ? BinadeTable::kBinades : 0);
    std::int32_t low = binade * kHidden;
    std::int32_t high = low + kHidden - 1;
    if (low == kInfinity) high = low;  // behind it are NaNs
    BinadeTable::TwoResults& two = table_.two_results;
    two.before[at] = rounded(low, negative);
    two.behind[at] = rounded(high, negative);
    two.turn[at] = BinadeTable::TwoResults::kNever;
    if (two.before[at] == two.behind[at]) return;
    while (high - low > 1) {
      const std::int32_t middle = low + (high - low) / 2;
      (rounded(middle, negative) == two.before[at] ? low : high) = middle;
    }
    two.turn[at] = high;
  }

  const Format& format_;
  RoundingMode mode_;
  BinadeTable table_;
};

}  // namespace

bool is_tapered(const Format& format) {
  return std::visit(
      [](const auto& parameters) {
        using Parameters = std::decay_t<decltype(parameters)>;
        return family::Uneven<Parameters> && !family::Logarithmic<Parameters>;
      },
      format.parameters());
}

std::shared_ptr<const BinadeTable> binade_table(const Format& format, RoundingMode mode) {
  static TableCache<BinadeTable> tables;
  return tables.get(format, mode, [&] {
    return std::make_shared<const BinadeTable>(TableMaker(format, mode).make());
  });
}

}  // namespace mantissa
