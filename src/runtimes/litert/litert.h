// LiteRT (the former TensorFlow Lite), loaded with dlopen: the program builds without the library
// and lists it as missing.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes {

// Loads the shared library, LiteRT 2.1.4. Unavailable, with the remedy, when it can't be loaded or
// lacks a function (named). The library stays in the process until its end. From the first call on
// the C library's `stderr` is a stream of ours (litert/messages.h), since LiteRT's messages end up
// in errors and not on the terminal.
//
// Sessions run a file's first signature, or its first graph when it has none, on the CPU. Inputs
// and outputs have the signature's names, or the tensors'. Runs of one session wait for each other.
// SessionOptions: `threads`, `profile` and `kernels`; `optimization`, `spin` and `arena` have no
// counterpart, `optimized_model_path` is Unsupported. Profile: litert/profile.h.
//
// Unsupported: strings and resources as inputs or outputs, tensors without elements, results whose
// size depends on the data (WHERE and the like; litert/late_shapes.h), and, for a model that
// computes shapes while it runs, inputs of other shapes than the file's.
// Inputs of a new shape make the model be compiled again, inside Run.
Result<std::shared_ptr<Runtime>> OpenLiteRt(const std::filesystem::path& library);

// The first of `candidates` (runtimes/library_path.h) that exists is loaded. Unavailable names them
// all when none does.
Result<std::shared_ptr<Runtime>> OpenLiteRt(const std::vector<std::filesystem::path>& candidates);

}  // namespace edgeopt::runtimes
