// ONNX Runtime's execution provider for TensorRT, where a build of the library has it.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "runtimes/onnxruntime/library.h"

namespace edgeopt::runtimes::ort {

// All of the model is to run in that provider: what it leaves to the CPU makes loading fail. Its
// engine and timings of kernels are kept in `cache`. `dla_core`: as of
// TensorRtOptions. Unsupported when the library lacks it.
Status AddTensorRtProvider(const Library& library, OrtSessionOptions* options,
                           const std::filesystem::path& cache, std::optional<int> dla_core);

}  // namespace edgeopt::runtimes::ort
