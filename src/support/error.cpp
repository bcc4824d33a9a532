#include "support/error.h"

namespace mantissa {
namespace {

std::string compose(std::string_view where, std::string_view what, std::string_view hint) {
  std::string text;
  if (!where.empty()) text.append(where).append(": ");
  text.append(what);
  if (!hint.empty()) text.append("; ").append(hint);
  return text;
}

}  // namespace

Error::Error(std::string_view where, std::string_view what, std::string_view hint, ExitCode code)
    : std::runtime_error(compose(where, what, hint)),
      where_(where),
      what_(what),
      hint_(hint),
      exit_code_(code) {}

Error Error::within(std::string_view outer) const {
  std::string where(outer);
  if (!where_.empty()) {
    if (!where.empty() && where_.front() != '#') where += ": ";
    where += where_;
  }
  return {where, what_, hint_, exit_code_};
}

}  // namespace mantissa
