#include "runtimes/onnxruntime/session.h"

#include <algorithm>

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
  std::string text = "ONNX Runtime " + library.version() + ": " + message;
  for (const std::string& logged : log.Take())
    if (logged.find(message) == std::string::npos && text.find(logged) == std::string::npos)
      text += " (" + logged + ")";
  return text;
}

// Which of our errors a failure to load is. FAIL is what it says of an operator or an opset that it
// does not know.
Error LoadError(const Library& library, const Library::Failure& failure, MessageLog& log) {
  const std::string text = Explain(library, failure.message, log);
  switch (failure.code) {
    case ORT_NO_SUCHFILE:
    case ORT_NO_MODEL:
    case ORT_INVALID_PROTOBUF:
    case ORT_INVALID_GRAPH:
    case ORT_INVALID_ARGUMENT:
      return BadInput(text, "check the model with 'edgeopt inspect'");
    case ORT_NOT_IMPLEMENTED:
    case ORT_FAIL:
      return Unsupported(text);
    default:
      return Unavailable(text);
  }
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
  if (!failure.ok()) return LoadError(*library, failure, *log);
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

Result<std::vector<ValueHandle>> OrtModel::BindInputs(const std::vector<ir::Tensor>& inputs,
                                                      std::vector<const char*>& names) const {
  std::map<std::string, std::vector<ir::Tensor>> by_name;
  for (const ir::Tensor& tensor : inputs) {
    std::string name = tensor.name;
    if (name.empty() && inputs_.size() == 1) name = inputs_[0].name;
    auto spec = std::find_if(inputs_.begin(), inputs_.end(),
                             [&](const TensorSpec& s) { return s.name == name; });
    if (spec == inputs_.end()) {
      const auto element_of = SequenceName(name);
      spec = std::find_if(inputs_.begin(), inputs_.end(), [&](const TensorSpec& s) {
        return s.sequence && element_of && s.name == *element_of;
      });
    }
    if (spec == inputs_.end())
      return BadInput("the model has no input '" + name + "'; it has " + NamesOf(inputs_));
    EDGEOPT_CHECK_OK(CheckFits(tensor, *spec));
    std::vector<ir::Tensor>& given = by_name[spec->name];
    if (!given.empty() && !spec->sequence) return BadInput("input '" + name + "' is given twice");
    given.push_back(tensor);
  }
  std::vector<ValueHandle> values;
  for (const TensorSpec& spec : inputs_) {
    const auto found = by_name.find(spec.name);
    if (found == by_name.end() && spec.optional) continue;
    if (found == by_name.end() && !spec.sequence)
      return BadInput("input '" + spec.name + "' of the model is not given");
    const std::vector<ir::Tensor> none;
    const std::vector<ir::Tensor>& given = found == by_name.end() ? none : found->second;
    auto value = spec.sequence ? SequenceOf(library_, given) : ViewOf(library_, given[0]);
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
  if (!failure.ok()) return Unavailable(Explain(*library_, failure.message, *log_));
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
