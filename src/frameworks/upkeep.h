// The environments that there are, and how those that nobody needs go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "frameworks/framework.h"

namespace edgeopt::frameworks {

// An environment of another lock that was not used for so long goes when a new one is made.
inline constexpr int kUnusedDays = 90;

struct InstalledEnvironment {
  Framework framework = Framework::kPytorch;
  std::string version;  // the framework's, "2.15.0"; empty: unknown
  std::filesystem::path folder;
  int64_t size_bytes = 0;
  int64_t last_used_s = 0;  // since 1970; 0: unknown
  bool current = false;     // this edgeopt's own lock
  bool whole = false;       // else it is half made, or its Python is gone
  bool in_use = false;
};
// Those below <cache>/frameworks, by name of the folder.
std::vector<InstalledEnvironment> ListEnvironments(const std::filesystem::path& cache);

// Of the files below a folder, links not counted.
int64_t BytesBelow(const std::filesystem::path& folder);

struct CleanRequest {
  std::filesystem::path cache;
  std::optional<Framework> framework;  // of that alone
  bool all = false;                    // the current ones too, and uv with its cache
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
};
struct CleanedEnvironments {
  std::vector<InstalledEnvironment> removed, in_use;  // those in use stay
  int64_t bytes = 0;                                  // of all that was removed
};
// Removes environments that are not whole or that this edgeopt's lock does not name, older uv, and
// what an ended process left half removed. Waits for an installation. Unavailable where something
// can't be removed, Interrupted.
Result<CleanedEnvironments> CleanEnvironments(const CleanRequest& request);

// Removes those of the framework's other locks that were not used for kUnusedDays, each with a
// note; what can't be removed is warned about. <cache>/frameworks must be locked (install_lock.h).
void RemoveUnused(Framework framework, const std::filesystem::path& cache, Sink& sink);

}  // namespace edgeopt::frameworks
