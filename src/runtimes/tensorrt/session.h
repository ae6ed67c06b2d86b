// One engine, as a session: run by an executor, timed and profiled by trtexec.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "runtimes/runtime.h"
#include "runtimes/tensorrt/engine_cache.h"
#include "runtimes/tensorrt/executors.h"

namespace edgeopt::runtimes::tensorrt {

// How Run is done, chosen once.
struct Execution {
  std::unique_ptr<Executor> executor;
  std::string by, because;  // as Session has them
};

class TensorRtSession : public Session, private SelfTimed {
 public:
  TensorRtSession(Engine engine, EngineFiles files, std::vector<std::string> int8_nodes,
                  Execution execution)
      : engine_(std::move(engine)),
        files_(std::move(files)),
        int8_nodes_(std::move(int8_nodes)),
        execution_(std::move(execution)),
        inputs_(engine_.inputs) {
    for (TensorSpec& input : inputs_)
      if (engine_.one_sample)
        std::ranges::replace_if(
            input.dims, [](auto d) { return d < 0; }, 1);
  }

  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return engine_.outputs; }
  // BadInput for more than kLargestBatch samples, of an engine for a DLA for more than one.
  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override;
  Result<std::vector<std::vector<ProfileEvent>>> EndProfile() override {
    return Internal("TensorRT's layers are profiled by SelfTimed::Profile");
  }
  SelfTimed* self_timed() override { return this; }
  std::string executes_by() const override { return execution_.by; }
  std::string executes_because() const override { return execution_.because; }
  std::optional<DlaPlacement> dla_placement() const override;
  std::vector<std::filesystem::path> built_files() const override;
  // Lives as long as the session: what it was loaded from and holds nothing else.
  void Keep(std::shared_ptr<const TemporaryFolder> folder) { folder_ = std::move(folder); }

 private:
  Result<std::vector<int64_t>> Time(const std::vector<ir::Tensor>& inputs,
                                    const Plan& plan) override;
  Result<LayerProfile> Profile(const std::vector<ir::Tensor>& inputs, const Plan& plan) override;
  std::string timed_as() const override;
  Result<std::vector<ir::Tensor>> Named(const std::vector<ir::Tensor>& inputs) const;
  Status RunTrtexec(const std::vector<ir::Tensor>& inputs, const Plan& plan,
                    const std::filesystem::path& folder, RunOptions& run);

  Engine engine_;
  EngineFiles files_;
  std::vector<std::string> int8_nodes_;
  Execution execution_;
  std::vector<TensorSpec> inputs_;  // without the symbols of an engine for one sample
  std::shared_ptr<const TemporaryFolder> folder_;
  std::mutex running_;
};

}  // namespace edgeopt::runtimes::tensorrt
