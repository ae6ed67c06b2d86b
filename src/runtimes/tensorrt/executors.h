// The ways to run an engine on given inputs, behind one interface: the runner, ONNX Runtime's
// TensorRT provider, trtexec.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "runtimes/runtime.h"
#include "runtimes/tensorrt/runner_process.h"
#include "runtimes/tensorrt/trtexec.h"
#include "runtimes/tensorrt/trtexec_flags.h"

namespace edgeopt::runtimes::tensorrt {

class Executor {
 public:
  virtual ~Executor() = default;
  // Named inputs that fit the model; outputs in any order, named.
  virtual Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) = 0;
  // Gives memory on the GPU back until the next Run: something is to be timed.
  virtual void Rest() {}
};

struct Engine {
  Trtexec trtexec;
  std::filesystem::path file;
  std::vector<TensorSpec> inputs, outputs;  // of the model
  TensorRtOptions options;
  GoOn go_on;
  bool one_sample = false;  // what is symbolic in the model is 1 in the engine
};

// The compiled runner with the engine loaded, on its DLA core where it is for one.
Result<RunnerProcess> StartRunner(const Engine& engine, const std::filesystem::path& program);
// One process for all batches; started again after one that failed or rested. `started` has loaded
// the engine.
std::unique_ptr<Executor> ByRunner(Engine engine, std::filesystem::path program,
                                   RunnerProcess started);
// trtexec once per Run: seconds for each, and float32 outputs with six digits.
std::unique_ptr<Executor> ByTrtexec(Engine engine);
std::unique_ptr<Executor> BySession(std::unique_ptr<Session> session);

// Writes the inputs into the folder as trtexec loads them, and says so in the options, with the
// shapes of those that are symbolic in the model.
Status GiveInputs(const Engine& engine, const std::vector<ir::Tensor>& inputs,
                  const std::filesystem::path& folder, RunOptions& run);

}  // namespace edgeopt::runtimes::tensorrt
