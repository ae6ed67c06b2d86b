// Engines belong to the TensorRT version and the kind of GPU that built them. What one was built
// with is its key: a name in the cache, and the grounds on which an engine is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtimes/tensorrt/trtexec_flags.h"
#include "runtimes/tensorrt/trtexec_version.h"

namespace edgeopt::runtimes::tensorrt {

struct Gpu {
  std::string name;                                // cudaDeviceProp::name: "Orin" on every Orin
  int capability_major = 0, capability_minor = 0;  // 8.7 on Orin
  int multiprocessors = 0;                         // 8 on Orin Nano and NX, 16 on AGX Orin
  friend bool operator==(const Gpu&, const Gpu&) = default;
};

// From any log of trtexec that got as far as the GPU:
//   [I] Selected Device: Orin
//   [I] Compute Capability: 8.7
//   [I] SMs: 8
// nullopt when one of them is missing.
std::optional<Gpu> FindGpu(std::string_view log);

struct EngineKey {
  Version version;
  Gpu gpu;
  std::string model_sha256;  // of the ONNX file, external data included
  BuildOptions options;      // paths do not count
};

// "trt10.3.0-sm87-8-orin-0123456789abcdef.engine": version, capability, multiprocessors and GPU for
// a person's eye, then the first 16 digits of a hash over all of the key. Only letters, digits, '.'
// and '-'.
std::string EngineFileName(const EngineKey& key);
// "trt10.3.0-sm87-8-orin.timing": timings of kernels serve every model on that GPU and version.
std::string TimingCacheFileName(const Version& version, const Gpu& gpu);

// The key as JSON, kept beside the engine as NAME.json: {"tensorrt": "10.3.0", "gpu": "Orin",
// "compute_capability": "8.7", "multiprocessors": 8, "model_sha256": "...", "build": [arguments]}.
std::string ToJson(const EngineKey& key);
// What of it decides whether the engine may be loaded. BadInput for what is no such file.
struct EngineOrigin {
  Version version;
  Gpu gpu;
  std::string model_sha256;
};
Result<EngineOrigin> ParseOrigin(std::string_view json);

// Refuses (Unsupported, with what was expected and found, and what to do) an engine of another
// version of TensorRT or another GPU. The multiprocessors count too: TensorRT loads an AGX Orin's
// engine on an Orin NX with a warning, but its kernels were chosen by their speed on twice as many.
Status CheckOrigin(const EngineOrigin& origin, const Version& version, const Gpu& gpu);

// The version that an engine's own first bytes tell (samples/common/sampleEngines.cpp of v10.3.0
// and v11.1, printPlanVersion): "ftrt", a zero word, and the version's four bytes at 24. nullopt
// for another form, so for older engines too: then it is not known.
std::optional<Version> VersionInEngine(std::span<const std::byte> first_bytes);

}  // namespace edgeopt::runtimes::tensorrt
