#include "frameworks/uv.h"

#include <optional>

#include "base/file.h"
#include "frameworks/command.h"
#include "frameworks/worker_files.h"

namespace edgeopt::frameworks {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLockOfUv = "locks/uv.txt";
constexpr const char* kOrOwnPython = "or name a Python that has the framework with --python";

// "0.13.9", as its lock pins it.
std::string PinnedUv() {
  const std::string_view lock = EmbeddedText(kLockOfUv);
  const size_t begin = lock.find("uv==") + 4;
  return std::string(lock.substr(begin, lock.find_first_of(" \n", begin) - begin));
}

bool HoldsAny(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words)
    if (text.find(word) != std::string::npos) return true;
  return false;
}

// The only wheel in `folder`.
std::optional<fs::path> WheelIn(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".whl") return entry.path();
  return std::nullopt;
}

Result<CommandEnd> RunPip(const Python& python, const fs::path& files, const fs::path& folder,
                          const CancelToken* cancel) {
  return RunToEnd(
      {.argv = {python.executable, "-m", "pip", "download", "--no-input", "--no-deps",
                "--require-hashes", "--only-binary=:all:", "--progress-bar=off", "--dest",
                folder.string(), "--requirement", (files / kLockOfUv).string()},
       .environment = {"PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_REQUIRE_VIRTUALENV=0"},
       .working_folder = folder,
       .limit = std::chrono::minutes(30),
       .cancel = cancel});
}

// A wheel is a ZIP archive with the program in NAME-VERSION.data/scripts (Python packaging user
// guide, "Binary distribution format").
Status Unpack(const Python& python, const fs::path& folder, const fs::path& destination,
              const CancelToken* cancel) {
  const auto wheel = WheelIn(folder);
  if (!wheel) return Unavailable("pip fetched no wheel of uv");
  const fs::path unpacked = folder / "unpacked";
  EDGEOPT_TRY(const CommandEnd end, RunToEnd({.argv = {python.executable, "-m", "zipfile", "-e",
                                                       wheel->string(), unpacked.string()},
                                              .cancel = cancel}));
  if (!end.status.ok()) return InstallError("unpacking uv", end.output, {});
  const fs::path scripts = unpacked / ("uv-" + PinnedUv() + ".data") / "scripts";
  std::error_code error;
  fs::permissions(scripts / "uv", fs::perms(0755), error);
  if (!error) fs::rename(scripts, destination, error);
  if (error)
    return CantWrite("can't put uv into '" + destination.string() + "': " + error.message());
  return OkStatus();
}

Status FetchUv(const fs::path& frameworks, const fs::path& files, const Python& python,
               const fs::path& destination, const CancelToken* cancel) {
  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create(frameworks));
  EDGEOPT_TRY(const CommandEnd end, RunPip(python, files, folder.path(), cancel));
  const fs::path log = frameworks / "uv.log";
  EDGEOPT_CHECK_OK(WriteFile(log, end.output));
  if (!end.status.ok()) return InstallError("fetching uv", end.output, log);
  return Unpack(python, folder.path(), destination, cancel);
}

Result<bool> IsOnPath(const CancelToken* cancel) {
  const auto end = RunToEnd({.argv = {"uv", "--version"}, .cancel = cancel});
  if (!end.ok() && end.error().code == ErrorCode::kInterrupted) return end.error();
  return end.ok() && end->status.ok();
}

}  // namespace

fs::path UvFolder(const fs::path& frameworks) { return frameworks / ("uv-" + PinnedUv()); }

fs::path UvCacheFolder(const fs::path& frameworks) { return frameworks / "uv-cache"; }

Result<std::string> FindUv(const fs::path& frameworks, const fs::path& files, const Python& python,
                           Sink& sink, const CancelToken* cancel) {
  const fs::path folder = UvFolder(frameworks);
  const std::string uv = (folder / "uv").string();
  std::error_code error;
  if (fs::exists(uv, error)) return uv;
  Status fetched = Unavailable(
      "environments are made by uv, which pip fetches; '" + python.executable +
          "' has no pip, and there is no uv on the PATH",
      std::string("install pip (Debian: apt-get install python3-pip) or uv, ") + kOrOwnPython);
  if (python.pip) {
    sink.Note("fetching uv " + PinnedUv() + " (once, 18 MB)");
    fs::remove_all(folder, error);
    fetched = FetchUv(frameworks, files, python, folder, cancel);
    if (fetched.ok()) return uv;
    if (fetched.error().code == ErrorCode::kInterrupted) return fetched.error();
  }
  EDGEOPT_TRY(const bool on_path, IsOnPath(cancel));
  if (on_path) return std::string("uv");
  return fetched.error();
}

Error InstallError(const std::string& what, const std::string& output, const fs::path& log) {
  const std::string message = what + " failed: " + LastError(output) +
                              (log.empty() ? "" : "; all of it is in '" + log.string() + "'");
  if (HoldsAny(output, {"No space left on device", "Disk quota exceeded"}))
    return CantWrite(message, "free disk space, or choose another folder: EDGEOPT_CACHE");
  if (HoldsAny(output, {"ash mismatch", "DO NOT MATCH THE HASHES"}))
    return Unavailable(message,
                       "a package is not the pinned one: it changed at its source or on the way; "
                       "nothing was installed");
  if (HoldsAny(output, {"no wheels with a matching", "no wheel for the current platform",
                        "has no usable wheels", "No matching distribution"}) &&
      !HoldsAny(output, {"Connection", "onnection error"}))
    return Unavailable(message, std::string("the pinned packages do not fit this machine's Python; "
                                            "install another version (3.11 to 3.13), ") +
                                    kOrOwnPython);
  return Unavailable(
      message, std::string("look whether the package index can be reached (pip's and uv's own "
                           "settings are used), ") +
                   kOrOwnPython);
}

}  // namespace edgeopt::frameworks
