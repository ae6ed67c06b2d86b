#include "runtimes/onnxruntime/library.h"

#include <dlfcn.h>

namespace edgeopt::runtimes::ort {
namespace {

constexpr const char* kRemedy =
    "run tools/setup, or name the library with --runtime-library PATH/libonnxruntime.so";
constexpr size_t kKeptMessages = 20;

// The environment's own messages (a failed look at the CPU's topology in a container, say) explain
// no error of ours; a session's go to its MessageLog.
void DropMessage(void*, OrtLoggingLevel, const char*, const char*, const char*, const char*) {}

}  // namespace

void MessageLog::Add(std::string message) {
  const std::lock_guard lock(mutex_);
  if (messages_.size() < kKeptMessages) messages_.push_back(std::move(message));
}

std::vector<std::string> MessageLog::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(messages_, {});
}

Result<std::shared_ptr<const Library>> Library::Open(const std::filesystem::path& path) {
  // Never closed: its threads and thread-local destructors outlive any moment we could choose.
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return Unavailable(std::string("can't load ONNX Runtime: ") + ::dlerror(), kRemedy);
  using GetBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetBase>(::dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr)
    return Unavailable("'" + path.string() + "' is not ONNX Runtime: it has no OrtGetApiBase",
                       kRemedy);
  const OrtApiBase* base = get_base();
  std::shared_ptr<Library> library(new Library());
  library->version_ = base->GetVersionString();
  library->api_ = base->GetApi(ORT_API_VERSION);
  if (library->api_ == nullptr)
    return Unavailable("ONNX Runtime " + library->version_ + " in '" + path.string() +
                           "' is too old: C API " + std::to_string(ORT_API_VERSION) + " is needed",
                       "use ONNX Runtime 1.21 or newer");
  const OrtApi& api = *library->api_;
  EDGEOPT_CHECK_OK(library->Require(api.CreateEnvWithCustomLogger(
      DropMessage, nullptr, ORT_LOGGING_LEVEL_ERROR, "edgeopt", &library->env_)));
  EDGEOPT_CHECK_OK(library->Require(
      api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &library->cpu_memory_)));
  EDGEOPT_CHECK_OK(library->Require(api.GetAllocatorWithDefaultOptions(&library->allocator_)));
  return std::shared_ptr<const Library>(std::move(library));
}

Library::~Library() {
  if (cpu_memory_ != nullptr) api_->ReleaseMemoryInfo(cpu_memory_);
  if (env_ != nullptr) api_->ReleaseEnv(env_);
}

Library::Failure Library::Check(OrtStatus* status) const {
  if (status == nullptr) return {};
  Failure failure{api_->GetErrorCode(status), api_->GetErrorMessage(status)};
  api_->ReleaseStatus(status);
  if (failure.code == ORT_OK) failure.code = ORT_FAIL;
  return failure;
}

Status Library::Require(OrtStatus* status) const {
  const Failure failure = Check(status);
  if (failure.ok()) return OkStatus();
  return Unavailable("ONNX Runtime " + version_ + ": " + failure.message);
}

}  // namespace edgeopt::runtimes::ort
