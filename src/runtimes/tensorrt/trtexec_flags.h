// The command lines of trtexec: one that builds an engine, one that times or runs it. What the
// releases call the same thing differs, and some lack some things; both are decided here, from the
// version alone.
//
// Source: NVIDIA/TensorRT samples/common/sampleOptions.cpp of v8.6.1, v10.3.0, v10.16 and v11.1,
// the pages "Migrating trtexec from 10.x to 11.x" and "Working with DLA" of TensorRT 11.4.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"
#include "runtimes/tensorrt/trtexec_version.h"

namespace edgeopt::runtimes::tensorrt {

// Who chooses the types that layers compute in.
enum class Typing {
  kGraph,   // the ONNX file: its float16 and its Q/DQ, nothing else. (8.6 can't be held to it:
            // there the types that the file has are allowed, and TensorRT may also use FP16 where
            // the file says float32.)
  kBuilder  // TensorRT, among FP32 and what is allowed below. Not with 11.x.
};

struct Precisions {
  Typing typing = Typing::kGraph;
  // kGraph: the file has float16 values, or Q/DQ. kBuilder: what TensorRT may choose.
  bool float16 = false, int8 = false;
};

// Whether that release builds such a model for a DLA. Unsupported, with the reason, where it does
// not: 10.8 to 11.4.0 have no DLA, the others take Q/DQ from 11.4.1 on only, and a DLA computes in
// FP16 or INT8 alone.
Status CheckDlaTakes(const Version& version, const Precisions& precisions);

// Shapes of one input, batch included. All three equal: a fixed shape.
struct ShapeRange {
  ir::Dims min, opt, max;
};

struct BuildOptions {
  std::string trtexec = "trtexec";
  std::string onnx_path, engine_path;
  std::string timing_cache_path;  // empty: none. Read and written; keep it between builds.
  std::string layer_info_path;    // empty: not wanted
  Precisions precisions;
  std::map<std::string, ShapeRange> shapes;  // of the inputs with symbolic dimensions, by name
  std::optional<int64_t> workspace_mib;      // scratch memory of a layer; default: all of the GPU's
  std::optional<int> dla_core;               // offload to that deep learning accelerator
  bool allow_gpu_fallback = true;            // with dla_core: what DLA can't do runs on the GPU
};

// The engine is built, written, described, and not run. Unsupported, with the reason, where the
// version can't do what is asked; UsageError where a name or path can't be said on trtexec's
// command line.
Result<std::vector<std::string>> BuildCommand(const Version& version, const BuildOptions& options);

struct RunOptions {
  std::string trtexec = "trtexec";
  std::string engine_path;
  std::map<std::string, ir::Dims> shapes;     // of the inputs with symbolic dimensions, by name
  std::map<std::string, std::string> inputs;  // raw little-endian files; the others are random
  int warm_up_ms = 500, duration_s = 3, iterations = 50;  // the latter two are both minima
  bool transfers = false;   // copies to and from the GPU count as latency
  bool spin_wait = true;    // busy-wait for the GPU: less noise, more CPU
  bool cuda_graph = false;  // launch the whole engine at once
  std::optional<int> dla_core;
  // Files to write; empty: not wanted. A profile comes from a run of its own, after the timed one.
  std::string times_path, profile_path, layer_info_path, output_path;
};

// As above. trtexec runs once to the end of warm-up, duration and iterations.
Result<std::vector<std::string>> RunEngineCommand(const Version& version,
                                                  const RunOptions& options);

}  // namespace edgeopt::runtimes::tensorrt
