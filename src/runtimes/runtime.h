// What a runtime is: it loads a model file and runs it. One folder per runtime implements this; a
// runtime whose library is missing is still listed, with the reason.
#pragma once

#include <cstdint>
#include <filesystem>
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

struct SessionOptions {
  int threads = 1;
  GraphOptimization optimization = GraphOptimization::kAll;
  bool profile = false;  // record per-operator times (EndProfile)
  bool spin = true;      // busy-wait of idle workers between operators
  bool arena = true;     // false: memory is given back after each operator; less of it, and slower
  std::filesystem::path optimized_model_path;  // not empty: write the graph as the runtime fused it
  KernelMode kernels = KernelMode::kXnnpack;   // LiteRT only; ONNX Runtime ignores it
};

// One operator's run inside one inference.
struct ProfileEvent {
  std::string node;      // name in the optimized graph; "" when the runtime tells none
  std::string op_type;   // "QLinearConv", "CONV_2D", "Convolution (NHWC, QC8) IGEMM"
  std::string provider;  // "CPUExecutionProvider", "XNNPACK", "builtin"
  double duration_us = 0;
  std::vector<std::string> input_types, output_types;  // "uint8", "float", per tensor
  bool nested = false;  // in a subgraph: its time is part of an enclosing event's
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
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual std::string name() const = 0;     // "onnxruntime", "litert"
  virtual std::string version() const = 0;  // "1.31.1"
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
