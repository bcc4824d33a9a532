#include "support/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "support/error.h"

namespace mantissa {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, substitution});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  std::size_t best_distance = std::string_view::npos;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  const std::size_t longer = std::max(word.size(), best.size());
  const std::size_t tolerated = std::max<std::size_t>(2, longer / 3);
  return best_distance <= tolerated ? best : std::string();
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string nearest = nearest_word(word, candidates);
  return nearest.empty() ? std::string() : "did you mean \"" + nearest + "\"?";
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  const std::string nearest = did_you_mean(word, candidates);
  return nearest.empty() ? "known are " + join(candidates, ", ") : nearest;
}

bool matches_glob(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != parts.data()) text.append(separator);
    text.append(part);
  }
  return text;
}

std::string shortest_decimal(double value) {
  std::array<char, 32> buffer{};
  const auto [end, status] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::string hex_float(double value) {
  std::array<char, 48> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%a", value);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

double parse_real(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  const bool blank_start = !copy.empty() && (copy.front() == ' ' || copy.front() == '\t');
  if (copy.empty() || blank_start || end != copy.c_str() + copy.size()) {
    throw Error("", "\"" + copy + "\" is not a number",
                "write it as a decimal (1.5e-3) or as a C hex float (0x1.8p-2)");
  }
  return value;
}

std::string with_si_prefix(double value, std::string_view unit) {
  static constexpr std::array<const char*, 11> kPrefixes = {"f", "p", "n", "u", "m", "",
                                                            "k", "M", "G", "T", "P"};
  int prefix = 5;
  double scaled = value;
  while (std::abs(scaled) >= 999.5 && prefix < 10) {
    scaled /= 1000;
    ++prefix;
  }
  while (scaled != 0 && std::abs(scaled) < 0.9995 && prefix > 0) {
    scaled *= 1000;
    --prefix;
  }
  std::array<char, 48> buffer{};
  const double magnitude = std::abs(scaled);
  const int decimals = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
  std::snprintf(buffer.data(), buffer.size(), "%.*f %s", decimals, scaled,
                kPrefixes[static_cast<std::size_t>(prefix)]);
  std::string text = buffer.data() + std::string(unit);
  if (text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace mantissa
