#include "numeric/rounding.h"

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr int kMaxRandomBits = 32;  // one word of the generator

constexpr std::array<std::pair<Rounding, std::string_view>, 7> kNames = {{
    {Rounding::nearest_even, "rne"},
    {Rounding::nearest_away, "rna"},
    {Rounding::toward_zero, "rtz"},
    {Rounding::up, "rup"},
    {Rounding::down, "rdn"},
    {Rounding::to_odd, "ro"},
    {Rounding::stochastic, "sr"},
}};

[[noreturn]] void refuse(std::string_view text) {
  std::vector<std::string> candidates;
  candidates.reserve(kNames.size());
  for (const auto& entry : kNames) candidates.emplace_back(entry.second);
  std::string hint = did_you_mean(text, candidates);
  if (hint.empty()) hint = "roundings are " + join(candidates, ", ") + " and sr<R>";
  throw Error("", "no rounding is called \"" + std::string(text) + "\"", hint);
}

RoundingMode parse_limited_stochastic(std::string_view text) {
  const std::string_view digits = text.substr(2);
  int bits = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool too_long = status == std::errc::result_out_of_range;
  if (end != digits.data() + digits.size() || (status != std::errc() && !too_long)) refuse(text);
  if (too_long || bits < 1 || bits > kMaxRandomBits) {
    const bool low = !too_long && bits < 1;
    throw Error("",
                "\"" + std::string(text) + "\" asks for a number of random bits outside of 1..32",
                low ? "the nearest is \"sr1\"" : "the nearest is \"sr32\"");
  }
  if (digits.front() == '0') refuse(text);
  return {Rounding::stochastic, static_cast<std::uint8_t>(bits)};
}

}  // namespace

std::string spelling(RoundingMode mode) {
  for (const auto& [rounding, name] : kNames) {
    if (rounding != mode.rounding) continue;
    std::string text(name);
    if (rounding == Rounding::stochastic && mode.random_bits > 0) {
      text += std::to_string(mode.random_bits);
    }
    return text;
  }
  return "rne";
}

RoundingMode parse_rounding(std::string_view text) {
  for (const auto& [rounding, name] : kNames) {
    if (text == name) return {rounding, 0};
  }
  if (text.size() > 2 && text.substr(0, 2) == "sr") return parse_limited_stochastic(text);
  refuse(text);
}

}  // namespace mantissa
