// Engines in a folder: built once per model, options, TensorRT version and GPU.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "runtimes/runtime.h"
#include "runtimes/tensorrt/trtexec.h"

namespace edgeopt::runtimes::tensorrt {

// The most samples that an engine takes at once, where the model's batch is symbolic; one is what
// its kernels are chosen for. (`edgeopt evaluate` takes 8.)
inline constexpr int64_t kLargestBatch = 8;
// The same for an engine that is built with these options: a DLA takes one shape alone
// ("DLA Supported Layers and Restrictions" of TensorRT's documentation: the profile's min, opt and
// max must be equal).
int64_t LargestBatch(const TensorRtOptions& options);

struct EngineFiles {
  std::filesystem::path engine;
  std::filesystem::path origin;  // NAME.json beside it; may be missing where the user brought it
  std::filesystem::path timing;  // of kernels, for later builds; may be missing
  // NAME.dla.json, what its build told of the DLA; missing where it is for none.
  std::filesystem::path placement;
};

struct EngineRequest {
  std::filesystem::path onnx;
  std::filesystem::path folder;  // of the cache; made where it is missing
  TensorRtOptions options;
  GoOn go_on;
};

// The engine of that model in the folder, built where it is not there. All files appear under their
// names when they are whole. Internal where the options lack the model's facts. Unsupported for
// symbolic dimensions beside the batch; what BuildCommand and CheckTrtexec refuse; Unavailable for
// a folder that can't be written.
Result<EngineFiles> FindOrBuild(const Trtexec& trtexec, const Gpu& gpu,
                                const EngineRequest& request);

// An engine that came from elsewhere, with or without its NAME.json: Unsupported when that or its
// first bytes say that it is for another version or GPU.
Result<EngineFiles> AcceptEngine(const Trtexec& trtexec, const Gpu& gpu,
                                 const std::filesystem::path& engine);

}  // namespace edgeopt::runtimes::tensorrt
