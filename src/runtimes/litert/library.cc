#include "runtimes/litert/library.h"

#include <dlfcn.h>

#include <algorithm>
#include <initializer_list>

namespace edgeopt::runtimes::litert {
namespace {

constexpr const char* kRemedy =
    "run tools/setup, or name the library with --runtime-library PATH/libLiteRt.so";

// Looks functions up until one is missing.
class Symbols {
 public:
  explicit Symbols(void* handle) : handle_(handle) {}

  template <typename Function>
  void Find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(handle_, name));
    if (function == nullptr && missing_.empty()) missing_ = name;
  }
  const std::string& missing() const { return missing_; }

 private:
  void* handle_;
  std::string missing_;
};

std::string FindAll(void* handle, Api& api) {
  Symbols symbols(handle);
#define EDGEOPT_FIND(name) symbols.Find("LiteRt" #name, api.name)
  EDGEOPT_FIND(CreateEnvironment);
  EDGEOPT_FIND(DestroyEnvironment);
  EDGEOPT_FIND(CreateModelFromBuffer);
  EDGEOPT_FIND(DestroyModel);
  EDGEOPT_FIND(CreateOptions);
  EDGEOPT_FIND(DestroyOptions);
  EDGEOPT_FIND(SetOptionsHardwareAccelerators);
  EDGEOPT_FIND(CreateOpaqueOptions);
  EDGEOPT_FIND(DestroyOpaqueOptions);
  EDGEOPT_FIND(AddOpaqueOptions);
  EDGEOPT_FIND(CreateCompiledModel);
  EDGEOPT_FIND(DestroyCompiledModel);
  EDGEOPT_FIND(CompiledModelResizeInputTensor);
  EDGEOPT_FIND(GetCompiledModelOutputTensorLayouts);
  EDGEOPT_FIND(RunCompiledModel);
  EDGEOPT_FIND(CreateManagedTensorBuffer);
  EDGEOPT_FIND(GetTensorBufferHostMemory);
  EDGEOPT_FIND(DestroyTensorBuffer);
  EDGEOPT_FIND(CompiledModelGetProfiler);
  EDGEOPT_FIND(StartProfiler);
  EDGEOPT_FIND(StopProfiler);
  EDGEOPT_FIND(GetNumProfilerEvents);
  EDGEOPT_FIND(GetProfilerEvents);
#undef EDGEOPT_FIND
  return symbols.missing();
}

bool NamesUnsupported(const std::string& text) {
  const auto parts = {"unresolved custom op", "Didn't find op for builtin opcode",
                      "not currently supported", "not yet supported"};
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return text.find(part) != std::string::npos; });
}

}  // namespace

Result<std::shared_ptr<const Library>> Library::Open(const std::filesystem::path& path) {
  // Never closed: its threads and thread-local destructors outlive any moment we could choose.
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return Unavailable(std::string("can't load LiteRT: ") + ::dlerror(), kRemedy);
  std::shared_ptr<Library> library(new Library());
  if (const std::string missing = FindAll(handle, library->api_); !missing.empty())
    return Unavailable(
        "'" + path.string() + "' is not LiteRT " + kVersion + ": it has no " + missing, kRemedy);
  // Without this it looks for libraries of GPU and NPU makers.
  const EnvironmentOption cpu_only = {kTagAutoRegisterAccelerators, kAnyTypeInt, 0,
                                      kAcceleratorCpu};
  const MessageCapture messages;
  const ApiStatus status = library->api_.CreateEnvironment(1, &cpu_only, &library->environment_);
  if (status != kOk)
    return Unavailable(Describe(status, messages, "it can't make its environment"));
  return std::shared_ptr<const Library>(std::move(library));
}

Library::~Library() {
  const MessageCapture messages;
  if (environment_ != nullptr) api_.DestroyEnvironment(environment_);
}

Status Library::Require(ApiStatus status, const char* what) const {
  if (status == kOk) return OkStatus();
  return Unavailable("LiteRT " + std::string(kVersion) + ": it can't " + what + " (status " +
                     std::to_string(status) + ")");
}

std::string Describe(ApiStatus status, const MessageCapture& messages,
                     const std::string& otherwise) {
  const std::string said = messages.Explain();
  return "LiteRT " + std::string(kVersion) + ": " +
         (said.empty() ? otherwise + " (status " + std::to_string(status) + ")" : said);
}

Error LoadError(ApiStatus status, std::string text) {
  if (status == kErrorUnsupported || NamesUnsupported(text)) return Unsupported(std::move(text));
  if (status == kErrorMemoryAllocationFailure) return Unavailable(std::move(text));
  return BadInput(std::move(text), "convert the model again; its file or its graph is wrong");
}

Error RunError(ApiStatus status, std::string text) {
  if (status == kErrorUnsupported || NamesUnsupported(text)) return Unsupported(std::move(text));
  if (status == kErrorMemoryAllocationFailure)
    return Unavailable(std::move(text), "use smaller inputs, or a machine with more memory");
  return BadInput(std::move(text), "check that the sizes and values of the data suit the model");
}

}  // namespace edgeopt::runtimes::litert
