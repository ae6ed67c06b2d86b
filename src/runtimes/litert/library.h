// LiteRT's loaded shared library: its functions, its environment, its errors as ours.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "runtimes/litert/c_api.h"
#include "runtimes/litert/messages.h"

namespace edgeopt::runtimes::litert {

class Library {
 public:
  static Result<std::shared_ptr<const Library>> Open(const std::filesystem::path& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const Api& api() const { return api_; }
  EnvironmentT* environment() const { return environment_; }
  // The environment is not meant for several threads: held while a model is made or destroyed.
  std::mutex& making() const { return making_; }

  // For calls that only our own bug or a lack of memory makes fail: `what` failed.
  Status Require(ApiStatus status, const char* what) const;

 private:
  Library() = default;
  Api api_ = {};
  EnvironmentT* environment_ = nullptr;
  mutable std::mutex making_;
};
using LibraryPtr = std::shared_ptr<const Library>;

// "LiteRT 2.1.4: what it printed", or `otherwise` with the status when it printed nothing.
std::string Describe(ApiStatus status, const MessageCapture& messages,
                     const std::string& otherwise);

// Why a model does not load, and why a loaded one does not run; `text` as Describe() makes it.
Error LoadError(ApiStatus status, std::string text);
Error RunError(ApiStatus status, std::string text);

// Owns a handle of LiteRT's.
template <typename T>
using Handle = std::unique_ptr<T, void (*)(T*)>;
template <typename T>
Handle<T> Own(T* handle, void (*destroy)(T*)) {
  return Handle<T>(handle, destroy);
}

constexpr const char* kVersion = "2.1.4";

}  // namespace edgeopt::runtimes::litert
