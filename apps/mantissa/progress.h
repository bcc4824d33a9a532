#pragma once

#include <chrono>
#include <string>

namespace mantissa {

/// Shows how far a long command is: on a terminal one line that is drawn over, with a bar and the
/// time left; elsewhere nothing but the lines given to `say`. Writes to stderr. Not for several
/// threads at once.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;

  /// `fraction` of the work is done, in [0, 1]; `text` says where it stands.
  void update(double fraction, const std::string& text);

  /// A line that stays, above the bar.
  void say(const std::string& line);

 private:
  void erase();

  bool quiet_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_draw_;
};

/// "4 s", "3:07 min", "2:15 h".
std::string duration_text(double seconds);

}  // namespace mantissa
