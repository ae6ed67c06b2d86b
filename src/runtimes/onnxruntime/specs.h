// Names, types and shapes of a loaded model's inputs and outputs.
#pragma once

#include <vector>

#include "runtimes/onnxruntime/library.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes::ort {

Result<std::vector<TensorSpec>> ReadInputSpecs(const Library& library, const OrtSession* session);
Result<std::vector<TensorSpec>> ReadOutputSpecs(const Library& library, const OrtSession* session);

}  // namespace edgeopt::runtimes::ort
