// Ctrl-C and termination as a CancelToken.
#pragma once

#include "base/sinks.h"

namespace edgeopt::cli {

// From now on SIGINT and SIGTERM cancel the returned token; a second one ends the process at once
// with exit code 130. The state on disk is valid at any moment, so both ways can be resumed.
const CancelToken& CancelOnInterrupt();

}  // namespace edgeopt::cli
