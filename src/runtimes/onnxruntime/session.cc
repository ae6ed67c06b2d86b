#include "runtimes/onnxruntime/session.h"

#include <algorithm>

#include "runtimes/onnxruntime/errors.h"
#include "runtimes/onnxruntime/profile.h"
#include "runtimes/onnxruntime/specs.h"

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

// "boxes[3]" is element 3 of the sequence "boxes".
std::optional<std::string> SequenceName(const std::string& name) {
  const size_t bracket = name.rfind('[');
  if (bracket == std::string::npos || name.back() != ']') return std::nullopt;
  return name.substr(0, bracket);
}

std::string NamesOf(const std::vector<TensorSpec>& specs) {
  std::string names;
  for (const TensorSpec& spec : specs) names += (names.empty() ? "'" : ", '") + spec.name + "'";
  return names.empty() ? "none" : names;
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

Status OrtModel::CheckFits(const ir::Tensor& tensor, const TensorSpec& spec) const {
  if (tensor.type() != spec.type)
    return BadInput("input '" + spec.name + "' of the model is " + std::string(Name(spec.type)) +
                    ", the data is " + std::string(Name(tensor.type())));
  bool fits = spec.dims.empty() || tensor.dims().size() == spec.dims.size();
  for (size_t i = 0; fits && i < spec.dims.size(); ++i)
    fits = spec.dims[i] < 0 || spec.dims[i] == tensor.dims()[i];
  if (fits) return OkStatus();
  return BadInput("input '" + spec.name + "' of the model has the shape " +
                      ir::ToString(spec.dims) + ", the data " + ir::ToString(tensor.dims()),
                  "-1 is any size; check the data's layout and the preprocessing");
}

// The input that a tensor of this name is for: its own, or the sequence that it is an element of.
Result<size_t> OrtModel::FindInput(const std::string& name) const {
  if (name.empty() && inputs_.size() == 1) return size_t{0};
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (inputs_[i].name == name) return i;
  const auto sequence = SequenceName(name);
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (sequence && inputs_[i].sequence && inputs_[i].name == *sequence) return i;
  return BadInput("the model has no input '" + name + "'; it has " + NamesOf(inputs_));
}

Result<std::vector<ValueHandle>> OrtModel::BindInputs(const std::vector<ir::Tensor>& inputs,
                                                      std::vector<const char*>& names) const {
  std::vector<std::vector<const ir::Tensor*>> given(inputs_.size());
  for (const ir::Tensor& tensor : inputs) {
    EDGEOPT_TRY(const size_t index, FindInput(tensor.name));
    EDGEOPT_CHECK_OK(CheckFits(tensor, inputs_[index]));
    if (!given[index].empty() && !inputs_[index].sequence)
      return BadInput("input '" + inputs_[index].name + "' is given twice");
    given[index].push_back(&tensor);
  }
  std::vector<ValueHandle> values;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const TensorSpec& spec = inputs_[i];
    if (given[i].empty() && spec.optional) continue;
    if (given[i].empty() && !spec.sequence)
      return BadInput("input '" + spec.name + "' of the model is not given");
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
