// The runner on this machine: compiled once, then one process per engine that takes batches.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/subprocess.h"
#include "runtimes/tensorrt/runner_protocol.h"
#include "runtimes/tensorrt/trtexec.h"

namespace edgeopt::runtimes::tensorrt {

// The program in `folder`, compiled where it is not there; its name holds the version and a hash of
// its source. Unavailable, in the compiler's words, without a compiler or TensorRT's headers.
Result<std::filesystem::path> CompileRunner(const Version& version,
                                            const std::filesystem::path& folder);

class RunnerProcess {
 public:
  // Loads the engine, on that DLA core where it is for one. Unavailable when the runner can't, or
  // when it is linked to another version of TensorRT than `version`.
  static Result<RunnerProcess> Start(const std::filesystem::path& program,
                                     const std::filesystem::path& engine, const Version& version,
                                     std::optional<int> dla_core, const GoOn& go_on);
  const RunnerReady& ready() const { return ready_; }
  // One batch. After an error the process is of no use any more.
  Result<std::vector<ir::Tensor>> Run(std::span<const ir::Tensor> inputs, const GoOn& go_on);

 private:
  explicit RunnerProcess(Subprocess process) : process_(std::move(process)) {}
  Result<RunnerMessage> Next(const GoOn& go_on);

  Subprocess process_;
  std::string received_;
  RunnerReady ready_;
};

}  // namespace edgeopt::runtimes::tensorrt
