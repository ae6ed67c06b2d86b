#include "frameworks/worker_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/utc_time.h"

namespace edgeopt::frameworks {
namespace fs = std::filesystem;

fs::path LogsFolder(const fs::path& cache) {
  std::error_code error;
  return fs::absolute(cache, error) / "frameworks" / "logs";
}

fs::path NewLog(const fs::path& folder, Framework framework) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> logs;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;  // another process does the same
    if (at->path().extension() == ".log")
      logs.emplace_back(fs::last_write_time(at->path(), gone), at->path());
  }
  std::sort(logs.begin(), logs.end());
  for (size_t i = 0; i + kKeptLogs <= logs.size(); ++i) fs::remove(logs[i].second, error);
  return folder / (Name(framework) + "-" + UtcNow("%Y%m%d-%H%M%S") + ".log");
}

}  // namespace edgeopt::frameworks
