// One process at a time installs.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/sinks.h"

namespace edgeopt::frameworks {

// Holds <folder>/.lock (flock) while it lives. Programs that are started meanwhile hold it too: one
// that outlives a killed edgeopt keeps others from its half-made folder until it ends.
class InstallLock {
 public:
  // Waits for it, after a note, as long as it takes. Unavailable when the file can't be made,
  // Interrupted.
  static Result<InstallLock> Acquire(const std::filesystem::path& folder, const std::string& what,
                                     Sink& sink, const CancelToken* cancel);
  InstallLock(InstallLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  InstallLock& operator=(InstallLock&&) = delete;
  ~InstallLock();

 private:
  explicit InstallLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace edgeopt::frameworks
