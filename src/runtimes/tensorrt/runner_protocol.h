// The messages between edgeopt and the runner that is compiled on the device
// (runner/tensorrt_runner.cpp); their bytes are in docs/tensorrt.md. Pure: bytes in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes::tensorrt {

// One batch, as the runner reads it. Tensors by name; BadInput for strings and sub-byte types.
Result<std::string> EncodeRun(std::span<const ir::Tensor> inputs);

// The engine is loaded.
struct RunnerReady {
  int64_t library_version = 0;  // NV_TENSORRT_VERSION of the library that runs it: 8602, 100300
  std::vector<TensorSpec> inputs, outputs;
};
// What one batch gave.
struct RunnerOutputs {
  int64_t compute_ns = 0;  // on the GPU, copies left out
  std::vector<ir::Tensor> outputs;
};
using RunnerMessage = std::variant<RunnerReady, RunnerOutputs>;

// Takes the first message off the front of `bytes`; nullopt when it is not all there yet. A failure
// that the runner tells becomes an Unavailable with its words; BadInput for what is no message.
Result<std::optional<RunnerMessage>> TakeMessage(std::string_view& bytes);

// The runner's text, and how the device compiles it.
std::string_view RunnerSource();
std::vector<std::string> RunnerCompileCommand(const std::string& source,
                                              const std::string& program);

}  // namespace edgeopt::runtimes::tensorrt
