// TensorRT, through the programs that a device has: trtexec builds engines and times them, a small
// runner runs them. Nothing of it is linked or loaded into this process.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes {

struct TensorRtConfig {
  // For engines, timings of kernels and the runner; made when it is needed. Empty: a temporary
  // folder per session.
  std::filesystem::path cache;
  // Opens ONNX Runtime, whose TensorRT provider runs models where the runner can't be compiled.
  // Empty: not tried.
  std::function<Result<std::shared_ptr<Runtime>>()> onnxruntime;
};

// Always there; Runtime::missing says why, where no trtexec is found without its path being named.
//
// Load takes an ONNX file, with its facts in SessionOptions::tensorrt, from which an engine is
// built unless the cache has it, or NAME.engine (or .plan) with NAME.json beside it. An engine
// alone needs the runner, which tells its inputs. Errors: Unavailable without trtexec, GPU, memory
// or disk; Unsupported for what TensorRT can't do and for another version's or GPU's engine.
// SessionOptions: `tensorrt` and `go_on`; the others have no counterpart. Sessions take up to
// kLargestBatch samples where the batch is symbolic, one where they are for a DLA; runs of one
// session wait for each other. LoadBytes is Unsupported.
std::shared_ptr<Runtime> OpenTensorRt(TensorRtConfig config);

}  // namespace edgeopt::runtimes
