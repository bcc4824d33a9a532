#pragma once

#include <string>

#include "support/error.h"

namespace mantissa::test {

/// The text of the Error that the call throws; empty if it throws none.
template <typename Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace mantissa::test
