// ONNX Runtime, loaded with dlopen: the program builds and lists it as missing without the library,
// and a user may bring another build of it.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes {

// Loads the shared library. Unavailable, with the remedy, when it can't be loaded or is too old
// (its C API must know version 21, ONNX Runtime 1.21 of 2025). The library stays in the process
// until its end.
//
// Sessions: inputs and outputs that are sequences of tensors are handed over as tensors named
// "NAME[0]", "NAME[1]" and so on; optionals as their content, or nothing when they are empty. Maps
// and sparse tensors are Unsupported and named. Outputs share the runtime's memory (no copy).
Result<std::shared_ptr<Runtime>> OpenOnnxRuntime(const std::filesystem::path& library);

// The first of `candidates` (runtimes/library_path.h) that exists is loaded. Unavailable names them
// all when none does.
Result<std::shared_ptr<Runtime>> OpenOnnxRuntime(
    const std::vector<std::filesystem::path>& candidates);

}  // namespace edgeopt::runtimes
