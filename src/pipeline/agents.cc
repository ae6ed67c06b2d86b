#include "pipeline/agents.h"

#include <algorithm>

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "frameworks/recognize.h"
#include "measure/onnx_facts.h"
#include "pipeline/framework_worker.h"
#include "pipeline/open_model.h"
#include "pipeline/shipping.h"
#include "pipeline/state.h"

namespace edgeopt::pipeline {

using measure::AgentClient;

Result<std::unique_ptr<AgentClient>> AgentStarter::Start() const {
  if (remote) return remote->Start(cancel);
  measure::AgentOptions agent;
  agent.argv = {program.string(), "agent"};
  if (!runtime_library.empty()) {
    agent.argv.push_back("--runtime-library");
    agent.argv.push_back(runtime_library.string());
  }
  agent.cancel = cancel;
  return AgentClient::Start(std::move(agent));
}

Result<std::unique_ptr<AgentClient>> AgentStarter::Load(const std::filesystem::path& model,
                                                        const runtimes::SessionOptions& options,
                                                        std::string_view runtime) const {
  if (runtime.empty()) {
    EDGEOPT_TRY(const auto source, frameworks::Recognize(model.string()));
    if (source) return LoadInFramework(*this, *source, options.threads);
  }
  EDGEOPT_TRY(auto client, Start());
  EDGEOPT_CHECK_OK(LoadIn(*client, model, options, runtime));
  return client;
}

Status AgentStarter::LoadIn(AgentClient& client, const std::filesystem::path& model,
                            const runtimes::SessionOptions& options,
                            std::string_view runtime) const {
  measure::LoadOptions load;
  const Format format = FormatOf(model);
  load.runtime = runtime.empty() ? RuntimeOf(format) : runtime;
  load.session = options;
  if (load.runtime == "tensorrt") {
    EDGEOPT_TRY(load.session.tensorrt.model, measure::OnnxFacts(model));
  }
  if (load.session.threads <= 0)
    load.session.threads = std::max(1, client.hello().machine.usable_cpus);
  if (!remote) return client.Load(model, load);
  if (format == Format::kOnnx) {
    EDGEOPT_TRY(load.external_data, formats::ExternalFiles(model));
  }
  const Status loaded = client.Load(model, load);
  if (!loaded.ok()) return loaded.error().Within("on '" + remote->name() + "'");
  return OkStatus();
}

Result<std::unique_ptr<AgentClient>> AgentStarter::Load(const std::filesystem::path& model,
                                                        int threads, bool spin,
                                                        std::string_view runtime) const {
  runtimes::SessionOptions options;
  options.threads = threads;
  options.spin = spin;
  return Load(model, options, runtime);
}

std::string RuntimeOf(const report::Record& record, const report::Step& step) {
  if (!step.framework.empty()) return step.framework;
  if (RunsInTensorRt(record, step)) return "tensorrt";
  return std::string(RuntimeOf(step.format() == "tflite" ? Format::kTflite : Format::kOnnx));
}

namespace {

runtimes::GraphOptimization StandInOptimization(const std::string& precision) {
  return precision == "int8" ? runtimes::GraphOptimization::kNone
                             : runtimes::GraphOptimization::kAll;
}

}  // namespace

runtimes::GraphOptimization OptimizationOf(const report::Record& record, const report::Step& step) {
  return HasStandIn(record, step) ? StandInOptimization(step.precision)
                                  : runtimes::GraphOptimization::kAll;
}

runtimes::SessionOptions SessionOptionsOf(const report::Record& record, const report::Step& step,
                                          bool spin) {
  runtimes::SessionOptions options;
  options.threads = record.threads;
  options.spin = spin;
  options.optimization = OptimizationOf(record, step);
  options.tensorrt.dla_core = record.dla_core;
  return options;
}

Result<std::unique_ptr<AgentClient>> LoadStep(const AgentStarter& agents,
                                              const report::Record& record,
                                              const report::Step& step,
                                              const std::filesystem::path& work, bool spin) {
  if (!step.framework.empty()) return LoadInFramework(agents, record, work);
  return agents.Load(InWork(work, step.output), SessionOptionsOf(record, step, spin),
                     RuntimeOf(record, step));
}

namespace {

// An agent's session, and what it needs to live.
class OwningSession : public runtimes::Session {
 public:
  explicit OwningSession(std::unique_ptr<AgentClient> client)
      : client_(std::move(client)), session_(measure::AsSession(*client_)) {}
  const std::vector<runtimes::TensorSpec>& inputs() const override { return session_->inputs(); }
  const std::vector<runtimes::TensorSpec>& outputs() const override { return session_->outputs(); }
  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override {
    return session_->Run(inputs);
  }
  Result<std::vector<std::vector<runtimes::ProfileEvent>>> EndProfile() override {
    return session_->EndProfile();
  }

 private:
  std::unique_ptr<AgentClient> client_;
  std::unique_ptr<runtimes::Session> session_;
};

}  // namespace

LoadTflite TfliteInAgent(AgentStarter starter) {
  return [starter = std::move(starter)](
             std::span<const std::byte> bytes) -> Result<std::unique_ptr<runtimes::Session>> {
    EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
    const std::filesystem::path file = folder.path() / "model.tflite";
    EDGEOPT_CHECK_OK(WriteFile(
        file, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
    // Loaded means mapped: the file may go.
    EDGEOPT_TRY(auto client, starter.Load(file, 1));
    return std::unique_ptr<runtimes::Session>(std::make_unique<OwningSession>(std::move(client)));
  };
}

namespace {

Result<std::vector<std::vector<ir::Tensor>>> RunAll(
    AgentClient& client, const std::vector<std::vector<ir::Tensor>>& samples) {
  std::vector<std::vector<ir::Tensor>> outputs;
  for (const auto& sample : samples) {
    EDGEOPT_TRY(auto tensors, client.Run(sample));
    outputs.push_back(std::move(tensors));
  }
  EDGEOPT_CHECK_OK(client.Shutdown());
  return outputs;
}

// Why the agent has no TensorRT; empty: it has.
std::string MissingTensorRt(const measure::AgentHello& hello) {
  for (const measure::RuntimeInfo& runtime : hello.runtimes)
    if (runtime.name == "tensorrt") return runtime.missing;
  return "the agent knows no TensorRT";
}

}  // namespace

RunModel RunInAgent(AgentStarter starter, runtimes::SessionOptions options, std::string runtime) {
  return
      [starter = std::move(starter), options, runtime = std::move(runtime)](
          const std::filesystem::path& model, const std::vector<std::vector<ir::Tensor>>& samples)
          -> Result<std::vector<std::vector<ir::Tensor>>> {
        EDGEOPT_TRY(const auto client, starter.Load(model, options, runtime));
        return RunAll(*client, samples);
      };
}

RunPackaged RunPackagedIn(const AgentStarter& starter, AgentClient& client, int threads) {
  return [&starter, &client, threads](
             const std::filesystem::path& model, const package::Content& content,
             const std::vector<std::vector<ir::Tensor>>& samples) -> Result<GoldenRun> {
    GoldenRun run;
    if (content.for_tensorrt) run.stands_in_because = MissingTensorRt(client.hello());
    const bool in_tensorrt = content.for_tensorrt && run.stands_in_because.empty();
    runtimes::SessionOptions options;
    options.threads = threads;
    options.spin = false;
    options.tensorrt.dla_core = content.dla_core;
    if (content.for_tensorrt && !in_tensorrt)
      options.optimization = StandInOptimization(content.precision);
    EDGEOPT_CHECK_OK(
        starter.LoadIn(client, model, options, in_tensorrt ? "tensorrt" : std::string_view()));
    run.runtime = client.runtime().name;
    run.version = client.runtime().version;
    run.executes_by = client.model().executes_by;
    EDGEOPT_TRY(run.outputs, RunAll(client, samples));
    return run;
  };
}

}  // namespace edgeopt::pipeline
