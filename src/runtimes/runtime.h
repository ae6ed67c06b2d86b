// What a runtime is: it loads a model file and runs it. One folder per runtime implements this; a
// runtime whose library is missing is still listed, with the reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::runtimes {

// What an element of a quantized tensor stands for: scale * (element - zero_point).
struct Quantization {
  float scale = 1;
  int64_t zero_point = 0;
};

// An input or output of a loaded model; -1 in `dims` is a dimension decided at run time.
struct TensorSpec {
  std::string name;
  // kUndefined for what is no tensor, no sequence and no optional of tensors: its use is an error.
  ir::DataType type = ir::DataType::kUndefined;
  ir::Dims dims;                     // empty for scalars and where the rank is not known
  std::vector<std::string> symbols;  // parallel to dims; "" when the dimension has no name
  bool sequence = false;  // a sequence of such tensors, handed over as "NAME[0]", "NAME[1]", ...
  bool optional = false;  // may be absent
  // Where the file says so: TFLite's integer inputs and outputs.
  std::optional<Quantization> quantization;
};

enum class GraphOptimization { kNone, kBasic, kExtended, kAll };

// LiteRT's kernels: XNNPACK where it has them, LiteRT's own optimized ones, its plain reference.
enum class KernelMode { kXnnpack, kBuiltin, kReference };

// What TensorRT has to be told of an ONNX file before it builds an engine. Runtimes know no
// formats, and neither does the agent on a board: who loads the model reads it
// (measure/onnx_facts.h).
struct ModelFacts {
  std::vector<TensorSpec> inputs, outputs;
  bool float16 = false;                 // some value is float16
  bool int8 = false;                    // it holds Q/DQ
  std::vector<std::string> int8_nodes;  // those that Q/DQ means to be INT8
  std::string sha256;                   // of the file, external data included
};

// How TensorRT builds and runs an engine; the other runtimes ignore it.
struct TensorRtOptions {
  ModelFacts model;             // of an ONNX file; nothing for an engine
  std::string trtexec;          // its path where the model runs; empty: on the PATH, else JetPack's
  std::optional<int> dla_core;  // on that deep learning accelerator, the rest on the GPU
  std::optional<int64_t> workspace_mib;  // scratch memory of a layer; default: all of the GPU's
  bool transfers = false;                // copies to and from the GPU count as latency
};

struct SessionOptions {
  int threads = 1;
  GraphOptimization optimization = GraphOptimization::kAll;
  bool profile = false;  // record per-operator times (EndProfile)
  bool spin = true;      // busy-wait of idle workers between operators
  bool arena = true;     // false: memory is given back after each operator; less of it, and slower
  std::filesystem::path optimized_model_path;  // not empty: write the graph as the runtime fused it
  KernelMode kernels = KernelMode::kXnnpack;   // LiteRT only; the others ignore it
  TensorRtOptions tensorrt;
  // ONNX Runtime only: all of the model runs in its TensorRT execution provider, whose engine is
  // kept in this folder. Unsupported where the library or the model does not allow that.
  std::filesystem::path tensorrt_provider_cache;
  // Asked several times a second by what takes minutes (TensorRT's builds and timings), there and
  // while the session lives; false: give up, with Interrupted. Empty: go on.
  std::function<bool()> go_on;
};

// One operator's run inside one inference.
struct ProfileEvent {
  std::string node;      // name in the optimized graph; "" when the runtime tells none
  std::string op_type;   // "QLinearConv", "CONV_2D", "Convolution (NHWC, QC8) IGEMM"
  std::string provider;  // "CPUExecutionProvider", "XNNPACK", "builtin"
  double duration_us = 0;
  std::vector<std::string> input_types, output_types;  // "uint8", "float", per tensor
  bool nested = false;  // in a subgraph: its time is part of an enclosing event's
  // In what the kernel computes, where the runtime tells it (TensorRT): "int8", "float16", "float".
  std::string precision;
};

// A node that was to be INT8 by the model's Q/DQ and is not.
struct Int8Fallback {
  std::string node;   // the ONNX node
  std::string layer;  // the runtime's layer that does its work
  std::string ran;    // in what: "float16", "float"
};
struct LayerProfile {
  int64_t runs = 0;                  // behind the means
  std::vector<ProfileEvent> layers;  // in order of execution; durations are means
  std::vector<Int8Fallback> int8_fallbacks;
  std::vector<std::string> int8_unknown;  // nodes of which the runtime does not tell it
};

// Of an engine that was built for a deep learning accelerator (DLA): what runs on it, and what fell
// back to the GPU.
struct DlaPlacement {
  int core = 0;
  // False: the build told nothing of it, and both lists are empty.
  bool known = false;
  // In TensorRT's words: a part of the network on the DLA is "{ForeignNode[first...last]}". Without
  // the copies between formats, which are no layers of the model.
  std::vector<std::string> on_dla, on_gpu;
};
// "DLA core 0: 2 parts of the model run on it; 3 layers fell back to the GPU: 'a', 'b', 'c'": for
// people, with the first few names.
std::string Describe(const DlaPlacement& placement);

// What a session offers whose runtime has a tool that times models better than a loop around Run
// does: TensorRT's trtexec, which tells the time on the GPU.
class SelfTimed {
 public:
  virtual ~SelfTimed() = default;
  struct Plan {
    double warm_up_seconds = 0;
    int64_t min_runs = 1;  // measured until both are reached
    double min_seconds = 0;
  };
  // Latencies in ns, in order, not empty. `inputs`: as for Run.
  virtual Result<std::vector<int64_t>> Time(const std::vector<ir::Tensor>& inputs,
                                            const Plan& plan) = 0;
  virtual Result<LayerProfile> Profile(const std::vector<ir::Tensor>& inputs, const Plan& plan) = 0;
  // What these latencies are, for people: "TensorRT's time on the GPU, by trtexec, ...".
  virtual std::string timed_as() const = 0;
};

// A loaded model. Run may be called from several threads; the other methods from one at a time.
class Session {
 public:
  virtual ~Session() = default;
  virtual const std::vector<TensorSpec>& inputs() const = 0;
  virtual const std::vector<TensorSpec>& outputs() const = 0;
  // Inputs by name (Tensor::name; "" is allowed for a model with one input), in any order. All
  // outputs in declared order, named, in memory that the tensors keep alive. BadInput on a wrong
  // name, type or shape, and with the runtime's own message when the graph can't treat the values;
  // kUnavailable when memory ends.
  virtual Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) = 0;
  // The events of all runs since loading, one inner vector per Run. Requires
  // SessionOptions::profile; ends profiling.
  virtual Result<std::vector<std::vector<ProfileEvent>>> EndProfile() = 0;
  // Owned by the session; nullptr: it is timed by a loop around Run.
  virtual SelfTimed* self_timed() { return nullptr; }
  // What does the work of Run, where a runtime has several ways: of TensorRT "runner",
  // "onnxruntime-tensorrt" or "trtexec"; else empty. And why it is not a better one.
  virtual std::string executes_by() const { return {}; }
  virtual std::string executes_because() const { return {}; }
  // nullopt: the model was not made for a DLA.
  virtual std::optional<DlaPlacement> dla_placement() const { return {}; }
  // Files that were made on this machine to run the model: TensorRT's engine, what it was built
  // with (JSON), and the timings of kernels. Absolute; they stay after the session.
  virtual std::vector<std::filesystem::path> built_files() const { return {}; }
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual std::string name() const = 0;     // "onnxruntime", "litert", "tensorrt"
  virtual std::string version() const = 0;  // "1.31.1"
  // Not empty: why it loads nothing unless SessionOptions name what is missing (trtexec).
  virtual std::string missing() const { return {}; }
  virtual Result<std::unique_ptr<Session>> Load(const std::filesystem::path& model,
                                                const SessionOptions& options) = 0;
  // From memory; `model_bytes` must stay valid only during the call.
  virtual Result<std::unique_ptr<Session>> LoadBytes(std::span<const std::byte> model_bytes,
                                                     const SessionOptions& options) = 0;
};

// Runs a model once, as it is (nothing fused), on one thread: for constant folding. All outputs.
Result<std::vector<ir::Tensor>> Evaluate(Runtime& runtime, std::span<const std::byte> model_bytes,
                                         const std::vector<ir::Tensor>& inputs = {});

}  // namespace edgeopt::runtimes
