#pragma once

namespace mantissa {

/// From now on SIGINT and SIGTERM only set a flag, so that a long command can save what it has and
/// say how to go on. A second signal ends the process at once; what is on disk by then is whole.
void catch_interruptions();

/// True once a signal came.
bool interruption_requested();

}  // namespace mantissa
