// The loaded shared library: its table of functions, its environment, its errors as ours.
#pragma once

#include <onnxruntime_c_api.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"

namespace edgeopt::runtimes::ort {

// Messages that ONNX Runtime logs while it loads or runs one model; they end up in the error text
// instead of on stderr. Called by its threads.
class MessageLog {
 public:
  void Add(std::string message);
  // What was logged since the last call.
  std::vector<std::string> Take();

 private:
  std::mutex mutex_;
  std::vector<std::string> messages_;
};

class Library {
 public:
  static Result<std::shared_ptr<const Library>> Open(const std::filesystem::path& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const OrtApi& api() const { return *api_; }
  const OrtEnv* env() const { return env_; }
  const OrtMemoryInfo* cpu_memory() const { return cpu_memory_; }
  OrtAllocator* allocator() const { return allocator_; }  // owned by the library
  const std::string& version() const { return version_; }

  // The status as a value, freed. What a code means depends on what was asked; see the callers.
  struct Failure {
    OrtErrorCode code = ORT_OK;
    std::string message;
    bool ok() const { return code == ORT_OK; }
  };
  Failure Check(OrtStatus* status) const;
  // For calls that only our own bug or a lack of memory makes fail.
  Status Require(OrtStatus* status) const;

 private:
  Library() = default;
  const OrtApi* api_ = nullptr;
  OrtEnv* env_ = nullptr;
  OrtMemoryInfo* cpu_memory_ = nullptr;
  OrtAllocator* allocator_ = nullptr;
  std::string version_;
};
using LibraryPtr = std::shared_ptr<const Library>;

// Owns a handle of ONNX Runtime's and the library that frees it.
template <typename T>
using Handle = std::unique_ptr<T, void (*)(T*)>;
template <typename T>
Handle<T> Own(T* handle, void (*release)(T*)) {
  return Handle<T>(handle, release);
}

}  // namespace edgeopt::runtimes::ort
