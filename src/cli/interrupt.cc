#include "cli/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "base/result.h"

namespace edgeopt::cli {
namespace {

CancelToken g_token;  // a signal handler can reach nothing else

void Handle(int) {
  if (g_token.cancelled()) ::_exit(static_cast<int>(ErrorCode::kInterrupted));
  g_token.Cancel();
}

}  // namespace

const CancelToken& CancelOnInterrupt() {
  struct sigaction action = {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return g_token;
}

}  // namespace edgeopt::cli
