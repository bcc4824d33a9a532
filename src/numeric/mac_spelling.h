#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "numeric/mac.h"
#include "support/error.h"

/// What the spelling of a Mac and its JSON form share.
namespace mantissa {

inline constexpr int kMaxChunk = 1 << 20;
inline constexpr int kMaxBlockFraction = 30;
inline constexpr int kMaxBlockProducts = 64;

struct SummationWord {
  std::string_view word;
  Summation summation;
};
inline constexpr std::array<SummationWord, 5> kSummationWords = {{{"chain", Summation::chain},
                                                                  {"exact", Summation::exact},
                                                                  {"kahan", Summation::kahan},
                                                                  {"pairwise", Summation::pairwise},
                                                                  {"aligned", Summation::aligned}}};

std::optional<Summation> find_summation(std::string_view word);

/// Runs `read`, with `where` put before the place of an Error that it throws.
template <typename Read>
auto within(std::string_view where, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw error.within(where);
  }
}

/// A format and a rounding as two members of a JSON object, both optional.
Quantization quantization_member(const nlohmann::json& object, std::string_view format_key,
                                 std::string_view rounding_key, std::string_view where);
/// The same of a product or a sum, which cannot have scales.
Quantization unscaled_member(const nlohmann::json& object, std::string_view format_key,
                             std::string_view rounding_key, std::string_view where);

/// Throws Error if parts of the Mac contradict each other.
void require_possible(const Mac& mac);

}  // namespace mantissa
