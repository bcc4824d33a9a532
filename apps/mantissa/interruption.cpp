#include "interruption.h"

#include <csignal>

#include <unistd.h>

#include "support/error.h"

namespace mantissa {
namespace {

volatile std::sig_atomic_t g_requested = 0;  // NOLINT: a signal handler can reach nothing else

void on_signal(int /*signal*/) {
  if (g_requested != 0) ::_exit(static_cast<int>(ExitCode::interrupted));
  g_requested = 1;
}

}  // namespace

void catch_interruptions() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interruption_requested() {
  return g_requested != 0;
}

}  // namespace mantissa
