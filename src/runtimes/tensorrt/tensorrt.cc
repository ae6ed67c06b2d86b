#include "runtimes/tensorrt/tensorrt.h"

#include <map>

#include "base/file.h"
#include "runtimes/tensorrt/session.h"

namespace edgeopt::runtimes {
namespace {

namespace fs = std::filesystem;
using tensorrt::Execution;
using tensorrt::Trtexec;

bool IsEngine(const fs::path& model) {
  return model.extension() == ".engine" || model.extension() == ".plan";
}

// A trtexec, and the GPU that it was once asked for.
struct Tool {
  Trtexec trtexec;
  std::optional<tensorrt::Gpu> gpu;
};

class TensorRt : public Runtime {
 public:
  explicit TensorRt(TensorRtConfig config) : config_(std::move(config)), usual_(Trtexec::Find()) {}

  std::string name() const override { return "tensorrt"; }
  std::string version() const override {
    return usual_.ok() ? usual_->version().ToString() : std::string();
  }
  std::string missing() const override {
    return usual_.ok() ? std::string() : usual_.error().ToString();
  }
  Result<std::unique_ptr<Session>> Load(const fs::path& model,
                                        const SessionOptions& options) override;
  Result<std::unique_ptr<Session>> LoadBytes(std::span<const std::byte>,
                                             const SessionOptions&) override {
    return Unsupported("TensorRT builds engines from files");
  }

 private:
  Result<Tool*> ToolOf(const SessionOptions& options);
  Execution ChooseExecution(tensorrt::Engine& engine, const fs::path& cache, const fs::path& onnx,
                            const SessionOptions& options) const;

  TensorRtConfig config_;
  Result<Trtexec> usual_;
  std::map<std::string, Tool> tools_;  // by the path that was named
};

Result<Tool*> TensorRt::ToolOf(const SessionOptions& options) {
  const std::string& path = options.tensorrt.trtexec;
  auto found = tools_.find(path);
  if (found == tools_.end()) {
    EDGEOPT_TRY(Trtexec trtexec, path.empty() ? usual_ : Trtexec::Find(path));
    found = tools_.emplace(path, Tool{std::move(trtexec), {}}).first;
  }
  if (!found->second.gpu) {
    EDGEOPT_TRY(found->second.gpu, found->second.trtexec.AskGpu(options.go_on));
  }
  return &found->second;
}

// The runner, since it runs the engine that is timed; else the provider, which builds an engine of
// its own from the same file; else trtexec, a process per batch. `engine` gets its inputs and
// outputs from the runner where the file did not tell them.
Execution TensorRt::ChooseExecution(tensorrt::Engine& engine, const fs::path& cache,
                                    const fs::path& onnx, const SessionOptions& options) const {
  Execution execution;
  const auto program = tensorrt::CompileRunner(engine.trtexec.version(), cache);
  auto runner = program.ok() ? StartRunner(engine, *program)
                             : Result<tensorrt::RunnerProcess>(program.error());
  if (runner.ok()) {
    if (engine.inputs.empty()) engine.inputs = runner->ready().inputs;
    if (engine.outputs.empty()) engine.outputs = runner->ready().outputs;
    execution.executor = ByRunner(engine, *program, std::move(*runner));
    execution.by = "runner";
    return execution;
  }
  execution.because = runner.error().message;
  if (config_.onnxruntime && !onnx.empty()) {
    SessionOptions provider = options;
    provider.tensorrt_provider_cache = cache / "onnxruntime";
    const auto runtime = config_.onnxruntime();
    auto session = runtime.ok() ? (*runtime)->Load(onnx, provider)
                                : Result<std::unique_ptr<Session>>(runtime.error());
    if (session.ok()) {
      execution.executor = tensorrt::BySession(std::move(*session));
      execution.by = "onnxruntime-tensorrt";
      return execution;
    }
    execution.because += "; " + session.error().message;
  }
  execution.executor = ByTrtexec(engine);
  execution.by = "trtexec";
  return execution;
}

Result<std::unique_ptr<Session>> TensorRt::Load(const fs::path& model,
                                                const SessionOptions& options) {
  EDGEOPT_TRY(const Tool* tool, ToolOf(options));
  fs::path cache = config_.cache;
  std::shared_ptr<TemporaryFolder> temporary;
  if (cache.empty()) {
    EDGEOPT_TRY(TemporaryFolder folder, TemporaryFolder::Create());
    temporary = std::make_shared<TemporaryFolder>(std::move(folder));
    cache = temporary->path();
  }
  const bool is_engine = IsEngine(model);
  const ModelFacts facts = is_engine ? ModelFacts() : options.tensorrt.model;
  EDGEOPT_TRY(const tensorrt::EngineFiles files,
              is_engine ? AcceptEngine(tool->trtexec, *tool->gpu, model)
                        : FindOrBuild(tool->trtexec, *tool->gpu,
                                      {model, cache, options.tensorrt, options.go_on}));
  tensorrt::Engine engine{tool->trtexec,
                          files.engine,
                          facts.inputs,
                          facts.outputs,
                          options.tensorrt,
                          options.go_on,
                          !is_engine && tensorrt::LargestBatch(options.tensorrt) == 1};
  Execution execution = ChooseExecution(engine, cache, is_engine ? fs::path() : model, options);
  if (engine.inputs.empty() && engine.outputs.empty())
    return Unavailable("'" + model.filename().string() +
                           "' can't be loaded, and nothing tells its inputs: " + execution.because,
                       "install TensorRT's headers (libnvinfer-dev) and g++ on the device, or load "
                       "the ONNX file");
  auto session = std::make_unique<tensorrt::TensorRtSession>(
      std::move(engine), files, facts.int8_nodes, std::move(execution));
  session->Keep(std::move(temporary));
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace

std::shared_ptr<Runtime> OpenTensorRt(TensorRtConfig config) {
  return std::make_shared<TensorRt>(std::move(config));
}

}  // namespace edgeopt::runtimes
