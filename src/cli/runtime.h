// The runtime that subcommands use.
#pragma once

#include <memory>

#include "cli/command.h"
#include "runtimes/runtime.h"

namespace edgeopt::cli {

// ONNX Runtime: the library that --runtime-library names, else the installed or the cached one.
Result<std::shared_ptr<runtimes::Runtime>> OpenRuntime(const Context& context);

// LiteRT: the installed or the cached library.
Result<std::shared_ptr<runtimes::Runtime>> OpenLiteRt(const Context& context);

}  // namespace edgeopt::cli
