// Who uses an environment that edgeopt made, and when it was used last: <folder>/edgeopt-used,
// which its users lock (flock) together, and who removes the environment alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

namespace edgeopt::frameworks {

class EnvironmentUse {
 public:
  // Touches the file and holds it with others. Programs that are started while this lives hold it
  // too: a worker's environment stays for as long as the worker runs. Where the folder can't be
  // written, as in an image that others made, nothing is held: it can't be removed either. nullptr:
  // it is being removed.
  static std::shared_ptr<const EnvironmentUse> Begin(const std::filesystem::path& folder);
  // Holds it alone, for its removal. nullptr: it is in use.
  static std::shared_ptr<const EnvironmentUse> TakeAlone(const std::filesystem::path& folder);

  EnvironmentUse(const EnvironmentUse&) = delete;
  EnvironmentUse& operator=(const EnvironmentUse&) = delete;
  ~EnvironmentUse();

 private:
  explicit EnvironmentUse(int fd) : fd_(fd) {}
  int fd_;
};

// Whether somebody uses it at this moment.
bool IsInUse(const std::filesystem::path& folder);

// When it was used last, or made; in seconds since 1970, 0: unknown.
int64_t LastUsed(const std::filesystem::path& folder);

}  // namespace edgeopt::frameworks
