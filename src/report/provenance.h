#pragma once

#include "report/front_document.h"

namespace mantissa {

/// This program, from the facts that its build left.
ToolFacts this_tool();

/// This machine: the first processor's model name of /proc/cpuinfo, PRETTY_NAME of /etc/os-release
/// (both "unknown" where there is none), and the threads that the caller uses.
MachineFacts this_machine(int threads);

/// Now, as `RunFacts::created` has it: "2026-11-24T03:34:08Z".
std::string utc_now();

}  // namespace mantissa
