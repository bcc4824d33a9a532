#pragma once

#include <string>

#include "graph/assignment.h"
#include "training/events.h"

namespace mantissa {

/// The roles whose numbers suffered most in a run, for a terminal: a row each, with shares of their
/// values (of sums: of their addends). Empty if none of them lost anything.
std::string event_table(const NumericEvents& events, const Assignment& assignment);

}  // namespace mantissa
