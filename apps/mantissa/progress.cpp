#include "progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace mantissa {
namespace {

constexpr int kBarWidth = 24;                              // characters
constexpr std::chrono::milliseconds kRedrawInterval{100};  // a person sees no more

std::string bar(double fraction) {
  const int filled = static_cast<int>(std::lround(fraction * kBarWidth));
  std::string text;
  for (int i = 0; i < kBarWidth; ++i) text += i < filled ? "\u2588" : "\u2591";
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::llround(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

Progress::Progress(bool quiet)
    : quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  erase();
}

void Progress::erase() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

void Progress::update(double fraction, const std::string& text) {
  if (quiet_ || !terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_draw_ < kRedrawInterval && fraction < 1) return;
  last_draw_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const std::string left =
      fraction > 0.01
          ? fmt::format(", about {} left", duration_text(elapsed / fraction * (1 - fraction)))
          : "";
  std::fputs(
      fmt::format("\r\x1b[K{} {:3.0f} %  {}{}", bar(fraction), 100 * fraction, text, left).c_str(),
      stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::say(const std::string& line) {
  if (quiet_) return;
  erase();
  std::fputs((line + "\n").c_str(), stderr);
}

}  // namespace mantissa
