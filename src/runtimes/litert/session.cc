#include "runtimes/litert/session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtimes/inputs.h"
#include "runtimes/litert/profile.h"

namespace edgeopt::runtimes::litert {
namespace {

// Two patterns that an output buffer is filled with to see whether LiteRT wrote to it.
constexpr std::byte kPatterns[] = {std::byte{0xAB}, std::byte{0x54}};

const char* NameOf(KernelMode mode) {
  switch (mode) {
    case KernelMode::kBuiltin:
      return "builtin";
    case KernelMode::kReference:
      return "reference";
    case KernelMode::kXnnpack:
      break;
  }
  return "xnnpack";
}

// Options are texts in TOML's form, freed by LiteRT.
Status AddOptions(const Library& library, OptionsT* options, const char* identifier,
                  const std::string& text) {
  char* payload = ::strdup(text.c_str());
  OpaqueOptionsT* made = nullptr;
  const ApiStatus status = library.api().CreateOpaqueOptions(identifier, payload, std::free, &made);
  if (status != kOk) std::free(payload);
  EDGEOPT_CHECK_OK(library.Require(status, "make its options"));
  const ApiStatus added = library.api().AddOpaqueOptions(options, made);
  if (added != kOk) library.api().DestroyOpaqueOptions(made);
  return library.Require(added, "take its options");
}

ir::Dims DimsOf(const Layout& layout) {
  const size_t rank = std::min<size_t>(layout.rank, kMaxRank);
  return {layout.dimensions, layout.dimensions + rank};
}

// LiteRT's own message is "Element type (13) not currently supported".
Status CheckNoVariables(const ModelFile& file) {
  const auto is_variable = [](const FileTensor& tensor) {
    const std::string type = TensorTypeName(tensor.type);
    return type == "RESOURCE" || type == "VARIANT";
  };
  const auto found = std::find_if(file.tensors.begin(), file.tensors.end(), is_variable);
  if (found == file.tensors.end()) return OkStatus();
  return Unsupported("tensor '" + found->name +
                         "' is a variable, in which the model keeps a state " +
                         "from run to run; LiteRT's interface takes no such models",
                     "convert the model from its source with its states as inputs and outputs");
}

Result<size_t> BytesOf(int tensor_type, const ir::Dims& dims) {
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(dims));
  return static_cast<size_t>(ir::StorageBytes(DataTypeOf(tensor_type), count));
}

}  // namespace

Result<std::unique_ptr<Session>> LiteRtSession::Load(LibraryPtr library, Buffer bytes,
                                                     const SessionOptions& options) {
  if (!options.optimized_model_path.empty())
    return Unsupported("LiteRT does not write the graph that it optimized",
                       "leave the path of the optimized model empty");
  std::unique_ptr<LiteRtSession> session(new LiteRtSession(std::move(library), options));
  EDGEOPT_CHECK_OK(session->ReadFile(std::move(bytes)));
  EDGEOPT_CHECK_OK(session->Compile());
  return std::unique_ptr<Session>(std::move(session));
}

LiteRtSession::~LiteRtSession() {
  const MessageCapture messages;
  const std::lock_guard lock(library_->making());
  Release();
  if (model_ != nullptr) library_->api().DestroyModel(model_);
}

// What the file declares; the bytes that LiteRT is given.
Status LiteRtSession::ReadFile(Buffer bytes) {
  EDGEOPT_TRY(file_, ReadModelFile(bytes.bytes()));
  EDGEOPT_CHECK_OK(CheckNoVariables(file_));
  for (size_t i = 0; i < file_.inputs.size(); ++i) {
    EDGEOPT_TRY(TensorSpec spec,
                SpecOf(file_.tensors[static_cast<size_t>(file_.inputs[i])], file_.input_names[i]));
    inputs_.push_back(std::move(spec));
  }
  for (size_t i = 0; i < file_.outputs.size(); ++i) {
    EDGEOPT_TRY(TensorSpec spec, SpecOf(file_.tensors[static_cast<size_t>(file_.outputs[i])],
                                        file_.output_names[i]));
    outputs_.push_back(std::move(spec));
  }
  EDGEOPT_TRY(late_, FindLateShapes(file_));
  const bool moved = std::any_of(late_.instead.begin(), late_.instead.end(),
                                 [](int32_t tensor) { return tensor >= 0; });
  if (moved) {
    std::vector<std::byte> changed(bytes.bytes().begin(), bytes.bytes().end());
    for (size_t i = 0; i < late_.instead.size(); ++i)
      for (const size_t position : file_.output_positions[i])
        if (late_.instead[i] >= 0)
          std::memcpy(changed.data() + position, &late_.instead[i], sizeof(int32_t));
    bytes = Buffer::Own(std::move(changed));
  }
  bytes_ = std::move(bytes);
  return OkStatus();
}

Result<Handle<OptionsT>> LiteRtSession::MakeOptions() const {
  OptionsT* raw = nullptr;
  EDGEOPT_CHECK_OK(library_->Require(library_->api().CreateOptions(&raw), "make its options"));
  auto made = Own(raw, library_->api().DestroyOptions);
  EDGEOPT_CHECK_OK(library_->Require(
      library_->api().SetOptionsHardwareAccelerators(raw, kAcceleratorCpu), "choose the CPU"));
  EDGEOPT_CHECK_OK(AddOptions(*library_, raw, "xnnpack",
                              "num_threads = " + std::to_string(std::max(1, options_.threads)) +
                                  "\nkernel_mode = \"" + NameOf(options_.kernels) + "\"\n"));
  // Errors go to `stderr`, where MessageCapture finds them: a buffer of LiteRT's would be gone with
  // a model that can't be made.
  constexpr const char* kReportToStderr = "error_reporter_mode = 1\n";
  EDGEOPT_CHECK_OK(AddOptions(*library_, raw, "runtime_options_string",
                              std::string("enable_profiling = ") +
                                  (options_.profile ? "true\n" : "false\n") + kReportToStderr));
  return made;
}

// A compiled model in the file's own shapes.
Status LiteRtSession::Compile() {
  const MessageCapture messages;
  const std::lock_guard lock(library_->making());
  const Api& api = library_->api();
  Release();
  if (model_ == nullptr) {
    const ApiStatus status = api.CreateModelFromBuffer(bytes_.data(), bytes_.size(), &model_);
    if (status != kOk)
      return LoadError(status, Describe(status, messages, "it can't read the model"));
  }
  EDGEOPT_TRY(const auto options, MakeOptions());
  const ApiStatus status =
      api.CreateCompiledModel(library_->environment(), model_, options.get(), &compiled_);
  if (status != kOk)
    return LoadError(status, Describe(status, messages, "it can't compile the model"));
  input_dims_.clear();
  for (const int32_t input : file_.inputs)
    input_dims_.push_back(file_.tensors[static_cast<size_t>(input)].dims);
  auto dims = OutputDims(/*update=*/true);
  if (!dims.ok()) return LoadError(kErrorRuntimeFailure, dims.error().message);
  output_dims_ = std::move(dims).value();
  if (!options_.profile) return OkStatus();
  profiling_ = true;
  return library_->Require(api.CompiledModelGetProfiler(compiled_, &profiler_),
                           "hand over its profiler");
}

void LiteRtSession::Release() {
  input_buffers_.clear();
  profiler_ = nullptr;
  ran_ = checked_ = false;
  if (compiled_ != nullptr) library_->api().DestroyCompiledModel(std::exchange(compiled_, nullptr));
}

Result<std::vector<ir::Dims>> LiteRtSession::OutputDims(bool update) {
  const MessageCapture messages;
  std::vector<Layout> layouts(std::max<size_t>(1, outputs_.size()));
  const ApiStatus status = library_->api().GetCompiledModelOutputTensorLayouts(
      compiled_, 0, outputs_.size(), layouts.data(), update);
  if (status != kOk)
    return RunError(status, Describe(status, messages, "it can't prepare the model"));
  std::vector<ir::Dims> dims;
  for (size_t i = 0; i < outputs_.size(); ++i) dims.push_back(DimsOf(layouts[i]));
  return dims;
}

// Makes the compiled model fit the inputs.
Status LiteRtSession::Shape(const std::vector<std::vector<const ir::Tensor*>>& given) {
  std::vector<ir::Dims> wanted;
  for (size_t i = 0; i < given.size(); ++i) {
    const ir::Dims& dims = given[i][0]->dims();
    if (given[i][0]->size() == 0)
      return Unsupported("input '" + inputs_[i].name + "' is given " + ir::ToString(dims) +
                         "; LiteRT takes no tensors without elements");
    if (!late_.first.empty() && dims != input_dims_[i])
      return Unsupported("input '" + inputs_[i].name + "' is given " + ir::ToString(dims) +
                             "; this model computes shapes while it runs, first in " + late_.first +
                             ", and LiteRT runs it only with the file's own, " +
                             ir::ToString(input_dims_[i]),
                         "convert the model with the batch size that you need");
    wanted.push_back(dims);
  }
  if (wanted == input_dims_) return OkStatus();
  // A model that has run knows the old outputs' buffers and refuses to grow.
  if (ran_) EDGEOPT_CHECK_OK(Compile());
  const Status resized = Resize(wanted);
  // What was resized and what not is unknown: the next run starts anew.
  if (!resized.ok()) {
    const std::lock_guard lock(library_->making());
    Release();
  }
  return resized;
}

Status LiteRtSession::Resize(const std::vector<ir::Dims>& dims) {
  const MessageCapture messages;
  input_buffers_.clear();
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == input_dims_[i]) continue;
    const std::vector<int> sizes(dims[i].begin(), dims[i].end());
    const ApiStatus status =
        library_->api().CompiledModelResizeInputTensor(compiled_, 0, i, sizes.data(), sizes.size());
    if (status != kOk)
      return RunError(status, Describe(status, messages,
                                       "it can't resize input '" + inputs_[i].name + "' to " +
                                           ir::ToString(dims[i])));
    input_dims_[i] = dims[i];
  }
  EDGEOPT_TRY(output_dims_, OutputDims(/*update=*/true));
  return OkStatus();
}

Result<LiteRtSession::HostBuffer> LiteRtSession::MakeBuffer(int tensor_type,
                                                            const ir::Dims& dims) const {
  HostBuffer buffer;
  EDGEOPT_TRY(buffer.size_bytes, BytesOf(tensor_type, dims));
  if (buffer.size_bytes == 0)
    return Unsupported("a result has the shape " + ir::ToString(dims) +
                       "; LiteRT hands over no tensors without elements");
  RankedTensorType type = {};
  type.element_type = ElementTypeOf(tensor_type);
  type.layout.rank = static_cast<unsigned int>(dims.size()) & 0x7F;
  std::copy(dims.begin(), dims.end(), type.layout.dimensions);
  // The exact size: LiteRT copies so much out of a constant output. Behind it LiteRT itself leaves
  // the room that XNNPACK's kernels may read (xnnpack.h, XNN_EXTRA_BYTES).
  TensorBufferT* raw = nullptr;
  EDGEOPT_CHECK_OK(library_->Require(
      library_->api().CreateManagedTensorBuffer(library_->environment(), kBufferHostMemory, &type,
                                                buffer.size_bytes, &raw),
      "allocate a tensor"));
  buffer.handle = std::shared_ptr<TensorBufferT>(
      raw, [library = library_](TensorBufferT* held) { library->api().DestroyTensorBuffer(held); });
  void* address = nullptr;
  EDGEOPT_CHECK_OK(library_->Require(library_->api().GetTensorBufferHostMemory(raw, &address),
                                     "hand over a tensor's memory"));
  buffer.data = static_cast<std::byte*>(address);
  return buffer;
}

int LiteRtSession::TypeOfOutput(size_t output) const {
  return file_.tensors[static_cast<size_t>(file_.outputs[output])].type;
}

Result<std::vector<LiteRtSession::HostBuffer>> LiteRtSession::MakeOutputs() const {
  std::vector<HostBuffer> buffers;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    auto buffer = MakeBuffer(TypeOfOutput(i), output_dims_[i]);
    if (!buffer.ok()) return buffer.error().Within("output '" + outputs_[i].name + "'");
    buffers.push_back(std::move(buffer).value());
  }
  return buffers;
}

Status LiteRtSession::Invoke(const std::vector<HostBuffer>& outputs) {
  const MessageCapture messages;
  std::vector<TensorBufferT*> in, out;
  for (const HostBuffer& buffer : input_buffers_) in.push_back(buffer.handle.get());
  for (const HostBuffer& buffer : outputs) out.push_back(buffer.handle.get());
  if (profiler_ != nullptr)
    EDGEOPT_CHECK_OK(library_->Require(library_->api().StartProfiler(profiler_), "profile"));
  ran_ = true;
  const ApiStatus status =
      library_->api().RunCompiledModel(compiled_, 0, in.size(), in.data(), out.size(), out.data());
  if (profiler_ != nullptr)
    EDGEOPT_CHECK_OK(library_->Require(library_->api().StopProfiler(profiler_), "stop profiling"));
  if (status != kOk) return RunError(status, Describe(status, messages, "it can't run the model"));
  return OkStatus();
}

// Until a compiled model has run well once: LiteRT says nothing when it leaves an output's buffer
// alone (late_shapes.h), so what a buffer held before must be gone. One pattern might be the
// answer.
Status LiteRtSession::InvokeAndCheck(const std::vector<HostBuffer>& outputs) {
  std::vector<bool> written(outputs.size(), false);
  for (const std::byte pattern : kPatterns) {
    for (const HostBuffer& buffer : outputs)
      std::memset(buffer.data, static_cast<int>(pattern), buffer.size_bytes);
    EDGEOPT_CHECK_OK(Invoke(outputs));
    for (size_t i = 0; i < outputs.size(); ++i)
      written[i] =
          written[i] || std::any_of(outputs[i].data, outputs[i].data + outputs[i].size_bytes,
                                    [&](std::byte each) { return each != pattern; });
    if (std::find(written.begin(), written.end(), false) == written.end()) {
      checked_ = true;
      return OkStatus();
    }
  }
  const auto missing = std::find(written.begin(), written.end(), false) - written.begin();
  return Unsupported("LiteRT does not hand over output '" +
                         outputs_[static_cast<size_t>(missing)].name +
                         "': its size is known only while the model runs",
                     "convert the model with fixed shapes");
}

Result<std::vector<ir::Tensor>> LiteRtSession::Collect(std::vector<HostBuffer> outputs) {
  EDGEOPT_TRY(const auto dims, OutputDims(/*update=*/false));
  std::vector<ir::Tensor> tensors;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (dims[i] != output_dims_[i])
      return Unsupported("output '" + outputs_[i].name + "' was announced as " +
                         ir::ToString(output_dims_[i]) + " and came as " + ir::ToString(dims[i]) +
                         ": its size is known only while the model runs");
    // Behind a late reshape stand the same elements; its shape is the file's (Shape() sees to it).
    const ir::Dims& shape =
        late_.instead[i] < 0 ? dims[i] : file_.tensors[static_cast<size_t>(file_.outputs[i])].dims;
    const std::byte* data = outputs[i].data;
    EDGEOPT_TRY(ir::Tensor tensor, ir::Tensor::Make(outputs_[i].type, shape,
                                                    Buffer::Share(std::move(outputs[i].handle),
                                                                  data, outputs[i].size_bytes)));
    tensor.name = outputs_[i].name;
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Result<std::vector<ir::Tensor>> LiteRtSession::Run(const std::vector<ir::Tensor>& inputs) {
  EDGEOPT_TRY(const auto given, SortInputs(inputs_, inputs));
  const std::lock_guard lock(running_);
  if (compiled_ == nullptr) EDGEOPT_CHECK_OK(Compile());
  EDGEOPT_CHECK_OK(Shape(given));
  for (size_t i = input_buffers_.size(); i < given.size(); ++i) {
    EDGEOPT_TRY(
        HostBuffer buffer,
        MakeBuffer(file_.tensors[static_cast<size_t>(file_.inputs[i])].type, input_dims_[i]));
    input_buffers_.push_back(std::move(buffer));
  }
  for (size_t i = 0; i < given.size(); ++i)
    std::memcpy(input_buffers_[i].data, given[i][0]->data().data(), input_buffers_[i].size_bytes);
  EDGEOPT_TRY(std::vector<HostBuffer> outputs, MakeOutputs());
  EDGEOPT_CHECK_OK(checked_ ? Invoke(outputs) : InvokeAndCheck(outputs));
  if (profiling_) {
    EDGEOPT_TRY(auto events, CollectEvents(*library_, profiler_, file_));
    events_.push_back(std::move(events));
  }
  return Collect(std::move(outputs));
}

Result<std::vector<std::vector<ProfileEvent>>> LiteRtSession::EndProfile() {
  const std::lock_guard lock(running_);
  if (!profiling_) return Internal("the session was not loaded for profiling");
  profiling_ = false;
  options_.profile = false;
  profiler_ = nullptr;
  return std::exchange(events_, {});
}

}  // namespace edgeopt::runtimes::litert
