#include "numeric/log_table.h"

#include <bit>
#include <cmath>
#include <optional>

#include "numeric/family.h"
#include "numeric/table_cache.h"
#include "numeric/takum_code.h"

namespace mantissa {
namespace {

constexpr int kUnitBits = 23;   // of the kernel's logarithms
constexpr int kLeastShift = 8;  // below it most values would be in doubt
constexpr std::int64_t kMaxRungs = 1 << 19;

std::int32_t code_of(double value) {
  return std::bit_cast<std::int32_t>(static_cast<float>(std::abs(value)));
}

std::optional<LogLadder> ladder_of(const Format& format) {
  return std::visit(
      [](const auto& parameters) -> std::optional<LogLadder> {
        if constexpr (family::Logarithmic<std::decay_t<decltype(parameters)>>) {
          return family::ladder(parameters);
        } else {
          return std::nullopt;
        }
      },
      format.parameters());
}

int shift_of(const LogLadder& ladder) {
  return kUnitBits -
         (ladder.takum_bits > 0 ? ladder.takum_bits - takum::kHeaderBits : ladder.fraction_bits);
}

/// The first code up to that of the first rung that does not become zero.
std::int32_t least_of(const Format& format, RoundingMode mode, std::int32_t first, bool negative) {
  std::int32_t low = 0;
  std::int32_t high = first;
  while (high - low > 1) {
    const std::int32_t middle = low + (high - low) / 2;
    const auto value = static_cast<double>(std::bit_cast<float>(middle));
    (round_to_format(negative ? -value : value, format, mode) == 0 ? low : high) = middle;
  }
  return high;
}

LogTable make(const Format& format, const LogLadder& ladder, RoundingMode mode) {
  LogTable table;
  table.takum = ladder.takum_bits > 0;
  table.shift = shift_of(ladder);
  const std::int64_t one = table.takum ? std::int64_t{1} << (ladder.takum_bits - 2) : 0;
  table.offset = static_cast<std::int32_t>(one - ladder.first);
  table.last = static_cast<std::int32_t>(ladder.last - ladder.first);
  table.first_is_odd = ladder.first % 2 != 0;
  for (std::int64_t rung = ladder.first; rung <= ladder.last; ++rung) {
    table.members.push_back(code_of(ladder.member(rung)));
    table.turns.push_back(rung == ladder.last
                              ? LogTable::kNever
                              : code_of(ladder.powers->binary32_below(ladder.middle(rung))) + 1);
  }
  table.members.push_back(LogTable::kNever);
  table.infinity = code_of(round_to_format(std::numeric_limits<double>::infinity(), format, mode));
  // Stochastic rounding looks at what lies below the first rung by itself.
  if (mode.rounding == Rounding::stochastic) return table;
  table.least = {least_of(format, mode, table.members[0], false),
                 least_of(format, mode, table.members[0], true)};
  return table;
}

}  // namespace

std::shared_ptr<const LogTable> log_table(const Format& format, RoundingMode mode) {
  static TableCache<LogTable> tables;
  return tables.get(format, mode, [&]() -> std::shared_ptr<const LogTable> {
    const std::optional<LogLadder> ladder = ladder_of(format);
    const bool possible =
        ladder && shift_of(*ladder) >= kLeastShift && ladder->last - ladder->first < kMaxRungs;
    if (!possible) return nullptr;
    return std::make_shared<const LogTable>(make(format, *ladder, mode));
  });
}

}  // namespace mantissa
