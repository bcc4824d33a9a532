#include "numeric/spelling_parts.h"

#include <charconv>

#include "numeric/family.h"
#include "support/error.h"

namespace mantissa::family {

bool take(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<int> take_number(std::string_view& text, bool with_sign) {
  if (text.empty() || (text.front() == '-' && !with_sign)) return std::nullopt;
  int number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status == std::errc::invalid_argument) return std::nullopt;
  constexpr int kFar = 99'999;  // outside of every range, and arithmetic on it cannot overflow
  if (status == std::errc::result_out_of_range || number > kFar || number < -kFar) number = kFar;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<int> take_count(std::string_view& text) {
  int number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || text.front() == '0' || text.front() == '-') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<int> count_in(std::string_view text) {
  const std::optional<int> number = take_count(text);
  return text.empty() ? number : std::nullopt;
}

void refuse_impossible(std::string_view text, const std::string& reason,
                       const std::string& nearest) {
  throw Error("", "\"" + std::string(text) + "\" is not possible: " + reason,
              "did you mean \"" + nearest + "\"?");
}

void refuse_spelling(std::string_view text, const std::string& nearest) {
  throw Error("", "no format is called \"" + std::string(text) + "\"",
              "did you mean \"" + nearest + "\"?");
}

Format checked_format(std::string_view text, const Format::Parameters& parameters,
                      std::string_view alternative) {
  return std::visit(
      [&](const auto& format) {
        const std::string reason = fault(format);
        if (!reason.empty()) refuse_impossible(text, reason, spelling(nearest_possible(format)));
        if (text != spelling(format) && text != alternative)
          refuse_spelling(text, spelling(format));
        return Format(format);
      },
      parameters);
}

}  // namespace mantissa::family
