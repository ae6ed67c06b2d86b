#include "runtimes/tensorrt/executors.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "base/file.h"
#include "runtimes/tensorrt/trtexec_results.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

using ir::DataType;

constexpr std::chrono::minutes kOneRunLimit(10);

const TensorSpec* FindSpec(const std::vector<TensorSpec>& specs, const std::string& name) {
  const auto found = std::find_if(specs.begin(), specs.end(),
                                  [&](const TensorSpec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

// An int64 tensor in int32 or the other way round: until 9.x engines have no int64, and TensorRT
// makes int32 of a model's. Other tensors as they are: the engine refuses what it does not take.
Result<ir::Tensor> InIntegersOf(DataType type, const ir::Tensor& tensor) {
  const bool narrows = tensor.type() == DataType::kInt64 && type == DataType::kInt32;
  const bool widens = tensor.type() == DataType::kInt32 && type == DataType::kInt64;
  if (!narrows && !widens) return tensor;
  EDGEOPT_TRY(const std::vector<int64_t> values, tensor.ToInts());
  ir::Tensor made;
  if (widens) {
    made = ir::Tensor::Of(tensor.dims(), values);
  } else {
    std::vector<int32_t> narrow;
    for (const int64_t value : values) {
      if (value < std::numeric_limits<int32_t>::min() ||
          value > std::numeric_limits<int32_t>::max())
        return BadInput("input '" + tensor.name + "' holds " + std::to_string(value) +
                        ", which the engine's int32 does not hold");
      narrow.push_back(static_cast<int32_t>(value));
    }
    made = ir::Tensor::Of(tensor.dims(), narrow);
  }
  made.name = tensor.name;
  return made;
}

// Each tensor in the integers of the spec of its name.
Result<std::vector<ir::Tensor>> InIntegersOf(const std::vector<TensorSpec>& specs,
                                             const std::vector<ir::Tensor>& tensors) {
  std::vector<ir::Tensor> made;
  for (const ir::Tensor& tensor : tensors) {
    const TensorSpec* spec = FindSpec(specs, tensor.name);
    EDGEOPT_TRY(ir::Tensor one, InIntegersOf(spec == nullptr ? tensor.type() : spec->type, tensor));
    made.push_back(std::move(one));
  }
  return made;
}

class RunnerExecutor : public Executor {
 public:
  RunnerExecutor(Engine engine, std::filesystem::path program, RunnerProcess started)
      : engine_(std::move(engine)), program_(std::move(program)), process_(std::move(started)) {}

  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override {
    if (!process_) {
      EDGEOPT_TRY(process_, StartRunner(engine_, program_));
    }
    EDGEOPT_TRY(const auto given, InIntegersOf(process_->ready().inputs, inputs));
    auto outputs = process_->Run(given, engine_.go_on);
    if (outputs.ok()) return InIntegersOf(engine_.outputs, *outputs);
    process_.reset();
    return outputs.error();
  }
  void Rest() override { process_.reset(); }

 private:
  Engine engine_;
  std::filesystem::path program_;
  std::optional<RunnerProcess> process_;
};

class TrtexecExecutor : public Executor {
 public:
  explicit TrtexecExecutor(Engine engine) : engine_(std::move(engine)) {}

  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override {
    EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
    RunOptions run;
    run.warm_up_ms = run.duration_s = 0;
    run.iterations = 1;
    run.output_path = folder.path() / "outputs.json";
    EDGEOPT_CHECK_OK(GiveInputs(engine_, inputs, folder.path(), run));
    EDGEOPT_TRY(const auto command, RunEngineCommand(engine_.trtexec.version(), run));
    EDGEOPT_TRY(const std::string log, engine_.trtexec.Run(command, engine_.go_on, kOneRunLimit));
    EDGEOPT_TRY(const std::string text, ReadFile(run.output_path));
    std::map<std::string, DataType> types;
    for (const TensorSpec& spec : engine_.outputs) types[spec.name] = spec.type;
    return ParseOutputs(text, types);
  }

 private:
  Engine engine_;
};

class SessionExecutor : public Executor {
 public:
  explicit SessionExecutor(std::unique_ptr<Session> session) : session_(std::move(session)) {}
  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override {
    return session_->Run(inputs);
  }

 private:
  std::unique_ptr<Session> session_;
};

}  // namespace

Status GiveInputs(const Engine& engine, const std::vector<ir::Tensor>& inputs,
                  const std::filesystem::path& folder, RunOptions& run) {
  constexpr Version kFirstWithInt64{10, 0, 0};
  run.trtexec = engine.trtexec.path();
  run.engine_path = engine.file.string();
  run.dla_core = engine.options.dla_core;
  run.transfers = engine.options.transfers;
  for (const ir::Tensor& input : inputs) {
    const bool narrow =
        input.type() == DataType::kInt64 && engine.trtexec.version() < kFirstWithInt64;
    EDGEOPT_TRY(const ir::Tensor given,
                InIntegersOf(narrow ? DataType::kInt32 : input.type(), input));
    const std::filesystem::path file = folder / ("input" + std::to_string(run.inputs.size()));
    EDGEOPT_CHECK_OK(WriteFile(file, given.data().text()));
    run.inputs[input.name] = file.string();
    const TensorSpec* spec = FindSpec(engine.inputs, input.name);
    if (spec != nullptr &&
        std::any_of(spec->dims.begin(), spec->dims.end(), [](int64_t dim) { return dim < 0; }))
      run.shapes[input.name] = input.dims();
  }
  return OkStatus();
}

Result<RunnerProcess> StartRunner(const Engine& engine, const std::filesystem::path& program) {
  return RunnerProcess::Start(program, engine.file, engine.trtexec.version(),
                              engine.options.dla_core, engine.go_on);
}

std::unique_ptr<Executor> ByRunner(Engine engine, std::filesystem::path program,
                                   RunnerProcess started) {
  return std::make_unique<RunnerExecutor>(std::move(engine), std::move(program),
                                          std::move(started));
}

std::unique_ptr<Executor> ByTrtexec(Engine engine) {
  return std::make_unique<TrtexecExecutor>(std::move(engine));
}

std::unique_ptr<Executor> BySession(std::unique_ptr<Session> session) {
  return std::make_unique<SessionExecutor>(std::move(session));
}

}  // namespace edgeopt::runtimes::tensorrt
