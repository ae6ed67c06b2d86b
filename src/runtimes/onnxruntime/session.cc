#include "runtimes/onnxruntime/session.h"

#include <algorithm>

#include "runtimes/inputs.h"
#include "runtimes/onnxruntime/errors.h"
#include "runtimes/onnxruntime/profile.h"
#include "runtimes/onnxruntime/specs.h"
#include "runtimes/onnxruntime/tensorrt_provider.h"

namespace edgeopt::runtimes::ort {
namespace {

void Collect(void* log, OrtLoggingLevel, const char*, const char*, const char*,
             const char* message) {
  static_cast<MessageLog*>(log)->Add(message);
}

GraphOptimizationLevel LevelOf(GraphOptimization optimization) {
  switch (optimization) {
    case GraphOptimization::kNone:
      return ORT_DISABLE_ALL;
    case GraphOptimization::kBasic:
      return ORT_ENABLE_BASIC;
    case GraphOptimization::kExtended:
      return ORT_ENABLE_EXTENDED;
    case GraphOptimization::kAll:
      break;
  }
  return ORT_ENABLE_ALL;
}

Result<Handle<OrtSessionOptions>> MakeOptions(const Library& library, const SessionOptions& options,
                                              MessageLog& log,
                                              const std::optional<TemporaryFolder>& profile) {
  const OrtApi& api = library.api();
  OrtSessionOptions* raw = nullptr;
  EDGEOPT_CHECK_OK(library.Require(api.CreateSessionOptions(&raw)));
  auto made = Own(raw, api.ReleaseSessionOptions);
  EDGEOPT_CHECK_OK(library.Require(api.SetUserLoggingFunction(raw, Collect, &log)));
  EDGEOPT_CHECK_OK(library.Require(api.SetSessionLogSeverityLevel(raw, ORT_LOGGING_LEVEL_ERROR)));
  EDGEOPT_CHECK_OK(library.Require(api.SetIntraOpNumThreads(raw, std::max(1, options.threads))));
  EDGEOPT_CHECK_OK(library.Require(api.SetInterOpNumThreads(raw, 1)));
  EDGEOPT_CHECK_OK(library.Require(api.SetSessionExecutionMode(raw, ORT_SEQUENTIAL)));
  EDGEOPT_CHECK_OK(
      library.Require(api.SetSessionGraphOptimizationLevel(raw, LevelOf(options.optimization))));
  EDGEOPT_CHECK_OK(library.Require(
      api.AddSessionConfigEntry(raw, "session.intra_op.allow_spinning", options.spin ? "1" : "0")));
  if (!options.arena) {
    EDGEOPT_CHECK_OK(library.Require(api.DisableCpuMemArena(raw)));
    EDGEOPT_CHECK_OK(library.Require(api.DisableMemPattern(raw)));
  }
  if (!options.optimized_model_path.empty())
    EDGEOPT_CHECK_OK(
        library.Require(api.SetOptimizedModelFilePath(raw, options.optimized_model_path.c_str())));
  if (profile)
    EDGEOPT_CHECK_OK(
        library.Require(api.EnableProfiling(raw, (profile->path() / "profile").c_str())));
  if (!options.tensorrt_provider_cache.empty())
    EDGEOPT_CHECK_OK(AddTensorRtProvider(library, raw, options.tensorrt_provider_cache,
                                         options.tensorrt.dla_core));
  return made;
}

// The runtime's message and what it logged, without saying anything twice.
std::string Explain(const Library& library, const std::string& message, MessageLog& log) {
  std::string text = "ONNX Runtime " + library.version() + ": " + Tidy(message);
  for (const std::string& entry : log.Take())
    if (const std::string logged = Tidy(entry);
        logged.find(Tidy(message)) == std::string::npos && text.find(logged) == std::string::npos)
      text += " (" + logged + ")";
  return text;
}

}  // namespace

Result<std::unique_ptr<Session>> OrtModel::Load(LibraryPtr library, const ModelSource& source,
                                                const SessionOptions& options) {
  const OrtApi& api = library->api();
  auto log = std::make_unique<MessageLog>();
  std::optional<TemporaryFolder> profile;
  if (options.profile) {
    EDGEOPT_TRY(profile, TemporaryFolder::Create());
  }
  EDGEOPT_TRY(const auto session_options, MakeOptions(*library, options, *log, profile));
  OrtSession* raw = nullptr;
  const Library::Failure failure = library->Check(
      source.path.empty()
          ? api.CreateSessionFromArray(library->env(), source.bytes.data(), source.bytes.size(),
                                       session_options.get(), &raw)
          : api.CreateSession(library->env(), source.path.c_str(), session_options.get(), &raw));
  if (!failure.ok()) return LoadError(failure.code, Explain(*library, failure.message, *log));
  std::unique_ptr<OrtModel> model(
      new OrtModel(library, std::move(log), Own(raw, api.ReleaseSession)));
  model->profile_folder_ = std::move(profile);
  EDGEOPT_CHECK_OK(model->ReadSpecs());
  return std::unique_ptr<Session>(std::move(model));
}

Status OrtModel::ReadSpecs() {
  EDGEOPT_TRY(inputs_, ReadInputSpecs(*library_, session_.get()));
  EDGEOPT_TRY(outputs_, ReadOutputSpecs(*library_, session_.get()));
  return OkStatus();
}

Result<std::vector<ValueHandle>> OrtModel::BindInputs(const std::vector<ir::Tensor>& inputs,
                                                      std::vector<const char*>& names) const {
  EDGEOPT_TRY(const auto given, SortInputs(inputs_, inputs));
  std::vector<ValueHandle> values;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const TensorSpec& spec = inputs_[i];
    if (given[i].empty() && spec.optional) continue;
    auto value = spec.sequence ? SequenceOf(library_, given[i]) : ViewOf(library_, *given[i][0]);
    if (!value.ok()) return value.error().Within("input '" + spec.name + "'");
    values.push_back(std::move(value).value());
    names.push_back(spec.name.c_str());
  }
  return values;
}

Result<std::vector<ir::Tensor>> OrtModel::Run(const std::vector<ir::Tensor>& inputs) {
  const OrtApi& api = library_->api();
  std::vector<const char*> input_names, output_names;
  EDGEOPT_TRY(const auto values, BindInputs(inputs, input_names));
  std::vector<const OrtValue*> pointers;
  for (const ValueHandle& value : values) pointers.push_back(value.get());
  for (const TensorSpec& spec : outputs_) output_names.push_back(spec.name.c_str());
  std::vector<OrtValue*> results(outputs_.size(), nullptr);
  const Library::Failure failure = library_->Check(
      api.Run(session_.get(), nullptr, input_names.data(), pointers.data(), pointers.size(),
              output_names.data(), output_names.size(), results.data()));
  std::vector<ValueHandle> owned;
  for (OrtValue* result : results) owned.push_back(Own(result, api.ReleaseValue));
  if (!failure.ok()) return RunError(failure.code, Explain(*library_, failure.message, *log_));
  std::vector<ir::Tensor> outputs;
  for (size_t i = 0; i < owned.size(); ++i)
    EDGEOPT_CHECK_OK(AppendTensors(library_, std::move(owned[i]), outputs_[i].name, outputs));
  return outputs;
}

Result<std::vector<std::vector<ProfileEvent>>> OrtModel::EndProfile() {
  if (!profile_folder_) return Internal("the session was not loaded for profiling");
  char* name = nullptr;
  EDGEOPT_CHECK_OK(library_->Require(
      library_->api().SessionEndProfiling(session_.get(), library_->allocator(), &name)));
  const std::filesystem::path path = name;
  (void)library_->Require(library_->api().AllocatorFree(library_->allocator(), name));
  EDGEOPT_TRY(const std::string text, ReadFile(path));
  profile_folder_.reset();
  return ParseProfile(text);
}

}  // namespace edgeopt::runtimes::ort
