#include "frameworks/upkeep.h"

#include <algorithm>
#include <ctime>

#include "frameworks/environment.h"
#include "frameworks/environment_use.h"
#include "frameworks/install_lock.h"
#include "frameworks/uv.h"

namespace edgeopt::frameworks {
namespace fs = std::filesystem;
namespace {

constexpr size_t kDigits = 16;  // of the lock's hash, in a folder's name
constexpr const char* kBeingRemoved = ".removed";
constexpr int64_t kSecondsPerDay = 24 * 60 * 60;

fs::path FrameworksFolder(const fs::path& cache) {
  return EnvironmentFolder(Framework::kPytorch, cache).parent_path();
}

// What is directly in the folder, sorted by name.
std::vector<fs::path> EntriesOf(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    entries.push_back(at->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

// "pytorch-0123456789abcdef"; what else lies there is no environment.
std::optional<Framework> FrameworkOfFolder(const std::string& name) {
  for (const Framework framework : {Framework::kPytorch, Framework::kTensorflow}) {
    const std::string start = Name(framework) + "-";
    if (!name.starts_with(start) || name.size() != start.size() + kDigits) continue;
    if (name.find_first_not_of("0123456789abcdef", start.size()) == std::string::npos)
      return framework;
  }
  return std::nullopt;
}

// As the packages' own records name it ("torch-2.15.0+cpu.dist-info"; Python packaging user guide,
// "Recording installed projects").
std::string VersionIn(const fs::path& environment) {
  constexpr std::string_view kEnd = ".dist-info";
  for (const fs::path& python : EntriesOf(environment / "lib")) {
    for (const fs::path& entry : EntriesOf(python / "site-packages")) {
      const std::string name = entry.filename().string();
      if (!name.ends_with(kEnd)) continue;
      for (const std::string_view package : {"torch-", "tensorflow_cpu-", "tensorflow-"})
        if (name.starts_with(package))
          return name.substr(package.size(), name.size() - package.size() - kEnd.size());
    }
  }
  return {};
}

Error CantRemove(const fs::path& path, const std::error_code& error) {
  return CantWrite("can't remove '" + path.string() + "': " + error.message(), "remove it by hand");
}

// Its bytes are added to `bytes`.
Status RemoveTree(const fs::path& path, int64_t& bytes) {
  std::error_code error;
  const bool is_folder = fs::is_directory(fs::symlink_status(path, error));
  const int64_t size = is_folder ? BytesBelow(path) : 0;
  fs::remove_all(path, error);
  if (error) return CantRemove(path, error);
  bytes += size;
  return OkStatus();
}

// Under another name first: nobody ever finds half of it under its own. False: it is in use.
Result<bool> RemoveEnvironment(const InstalledEnvironment& environment, int64_t& bytes) {
  const auto alone = EnvironmentUse::TakeAlone(environment.folder);
  if (alone == nullptr) return false;
  const fs::path aside = environment.folder.string() + kBeingRemoved;
  std::error_code error;
  fs::remove_all(aside, error);
  fs::rename(environment.folder, aside, error);
  if (error) return CantRemove(environment.folder, error);
  EDGEOPT_CHECK_OK(RemoveTree(aside, bytes));
  fs::remove(environment.folder.string() + ".log", error);
  return true;
}

// uv, its cache and what is half removed, as far as they are to go.
Status RemoveTheRest(const CleanRequest& request, const fs::path& frameworks, int64_t& bytes) {
  const fs::path uv = UvFolder(frameworks);
  const bool everything = request.all && !request.framework;
  for (const fs::path& entry : EntriesOf(frameworks)) {
    const std::string name = entry.filename().string();
    const bool is_uv = name.starts_with("uv-") && (everything || entry != uv);
    const bool is_cache = entry == UvCacheFolder(frameworks);
    const bool goes = is_cache ? everything : is_uv || name.ends_with(kBeingRemoved);
    if (goes) EDGEOPT_CHECK_OK(RemoveTree(entry, bytes));
  }
  return OkStatus();
}

}  // namespace

int64_t BytesBelow(const fs::path& folder) {
  int64_t bytes = 0;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;  // uv moves files about meanwhile
    if (at->is_regular_file(gone) && !at->is_symlink(gone))
      bytes += static_cast<int64_t>(at->file_size(gone));
  }
  return bytes;
}

std::vector<InstalledEnvironment> ListEnvironments(const fs::path& cache) {
  std::vector<InstalledEnvironment> environments;
  for (const fs::path& folder : EntriesOf(FrameworksFolder(cache))) {
    const auto framework = FrameworkOfFolder(folder.filename().string());
    std::error_code error;
    if (!framework || !fs::is_directory(folder, error)) continue;
    InstalledEnvironment& environment = environments.emplace_back();
    environment.framework = *framework;
    environment.version = VersionIn(folder);
    environment.folder = folder;
    environment.size_bytes = BytesBelow(folder);
    environment.last_used_s = LastUsed(folder);
    environment.current = folder == EnvironmentFolder(*framework, cache);
    environment.whole = environment.current ? IsInstalled(*framework, cache) : IsFinished(folder);
    environment.in_use = IsInUse(folder);
  }
  return environments;
}

Result<CleanedEnvironments> CleanEnvironments(const CleanRequest& request) {
  const fs::path frameworks = FrameworksFolder(request.cache);
  CleanedEnvironments cleaned;
  std::error_code error;
  if (!fs::exists(frameworks, error)) return cleaned;
  EDGEOPT_TRY(
      const InstallLock lock,
      InstallLock::Acquire(frameworks, "cleaning up",
                           request.sink != nullptr ? *request.sink : SilentSink(), request.cancel));
  for (InstalledEnvironment& environment : ListEnvironments(request.cache)) {
    if (request.cancel != nullptr && request.cancel->cancelled()) return Interrupted();
    if (request.framework && environment.framework != *request.framework) continue;
    if (!request.all && environment.current && environment.whole) continue;
    EDGEOPT_TRY(const bool removed, RemoveEnvironment(environment, cleaned.bytes));
    (removed ? cleaned.removed : cleaned.in_use).push_back(std::move(environment));
  }
  EDGEOPT_CHECK_OK(RemoveTheRest(request, frameworks, cleaned.bytes));
  return cleaned;
}

void RemoveUnused(Framework framework, const fs::path& cache, Sink& sink) {
  const int64_t now = static_cast<int64_t>(std::time(nullptr));
  for (const InstalledEnvironment& environment : ListEnvironments(cache)) {
    const int64_t days = (now - environment.last_used_s) / kSecondsPerDay;
    if (environment.framework != framework || environment.current || days < kUnusedDays) continue;
    int64_t bytes = 0;
    const auto removed = RemoveEnvironment(environment, bytes);
    if (!removed.ok())
      sink.Warn(removed.error().ToString());
    else if (*removed)
      sink.Note("removed '" + environment.folder.string() + "' (" +
                std::to_string(bytes / 1'000'000) + " MB), which was not used for " +
                std::to_string(days) + " days");
  }
}

}  // namespace edgeopt::frameworks
