#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace mantissa {

/// The command's exit codes (sysexits.h where it has one).
enum class ExitCode : int {
  success = 0,
  failure = 1,        ///< a fault of ours, or of the machine
  bad_input = 2,      ///< the user can mend it
  input_output = 74,  ///< disk full, file not writable
  interrupted = 130,  ///< SIGINT or SIGTERM; the same command resumes
};

/// The one exception type. Thrown where the fault is known, caught once in `main`.
///
/// Its text has three parts, `where: what; hint`, of which the last is optional:
/// `scenarios/a.json#/search/roles/weight/2: no format is called "e4m3x"; did you mean "e4m3fn"?`
class Error : public std::runtime_error {
 public:
  /// `where` is a file, a file with a JSON pointer behind '#', or a node's name; may be empty.
  Error(std::string_view where, std::string_view what, std::string_view hint = {},
        ExitCode code = ExitCode::bad_input);

  ExitCode exit_code() const { return exit_code_; }
  const std::string& where() const { return where_; }

  /// The same fault seen from one level further out: `outer` is put before `where`.
  Error within(std::string_view outer) const;

 private:
  std::string where_;
  std::string what_;
  std::string hint_;
  ExitCode exit_code_;
};

}  // namespace mantissa
