#include "frameworks/environment.h"

#include "base/file.h"
#include "base/hash.h"
#include "frameworks/command.h"
#include "frameworks/install_lock.h"
#include "frameworks/upkeep.h"
#include "frameworks/uv.h"
#include "frameworks/worker_files.h"

namespace edgeopt::frameworks {
namespace fs = std::filesystem;
namespace {

constexpr const char* kStampFile = "edgeopt-stamp";
constexpr const char* kStubMaker = "python/make_stub_libraries.py";
constexpr int64_t kMegabyte = 1'000'000;

// Of the locked packages on x86-64: for the progress and for the look at the disk.
struct Size {
  int64_t fetched_mb, installed_mb;
};
Size SizeOf(Framework framework) {
  return framework == Framework::kPytorch ? Size{600, 1400} : Size{350, 1500};
}

std::string Sha256OfText(std::string_view text) {
  return Sha256Hex(std::as_bytes(std::span(text.data(), text.size())));
}

// "PyTorch 2.15.0", as the lock pins it.
std::string TitleWithVersion(Framework framework) {
  const std::string_view lock = Lock(framework);
  const std::string_view package =
      framework == Framework::kPytorch ? "\ntorch==" : "\ntensorflow-cpu==";
  const size_t found = lock.find(package);
  if (found == std::string_view::npos) return Title(framework);
  const std::string_view version = lock.substr(found + package.size());
  return Title(framework) + " " + std::string(version.substr(0, version.find_first_of(" ;\\\n")));
}

// What the environment was made from. The interpreter behind its link is part of it: a system that
// brings its Python to a new version leaves the packages of the old one behind.
std::string Stamp(Framework framework, const fs::path& folder) {
  std::error_code error;
  std::string stamp = "lock " + Sha256OfText(Lock(framework)) + "\n";
  if (framework == Framework::kPytorch)
    stamp += "stubs " + Sha256OfText(EmbeddedText(kStubMaker)) + "\n";
  return stamp + "python " + fs::canonical(folder / "bin" / "python", error).string() + "\n";
}

bool IsWhole(Framework framework, const fs::path& folder) {
  const auto stamp = ReadFile(folder / kStampFile);
  std::error_code error;
  return stamp.ok() && fs::exists(folder / "bin" / "python", error) &&
         *stamp == Stamp(framework, folder);
}

// Removed on destruction unless it was finished.
class HalfMadeFolder {
 public:
  explicit HalfMadeFolder(fs::path folder) : folder_(std::move(folder)) {}
  HalfMadeFolder(const HalfMadeFolder&) = delete;
  HalfMadeFolder& operator=(const HalfMadeFolder&) = delete;
  ~HalfMadeFolder() {
    std::error_code error;
    if (!finished_) fs::remove_all(folder_, error);
  }
  void Finish() { finished_ = true; }

 private:
  fs::path folder_;
  bool finished_ = false;
};

class Installation {
 public:
  Installation(Framework framework, const EnvironmentOptions& options, fs::path files)
      : framework_(framework),
        options_(options),
        sink_(options.sink != nullptr ? *options.sink : SilentSink()),
        files_(std::move(files)),
        folder_(EnvironmentFolder(framework, options.cache)),
        frameworks_(folder_.parent_path()),
        uv_cache_(UvCacheFolder(frameworks_)),
        log_(folder_.string() + ".log"),
        what_("installing " + TitleWithVersion(framework)) {}

  using Use = std::shared_ptr<const EnvironmentUse>;

  Result<Use> Run() {
    EDGEOPT_TRY(const InstallLock lock,
                InstallLock::Acquire(frameworks_, what_, sink_, options_.cancel));
    if (!IsWhole(framework_, folder_)) {  // else another process was quicker
      EDGEOPT_CHECK_OK(Install());
      RemoveUnused(framework_, options_.cache, sink_);
    }
    // Nobody removes it before the lock is dropped.
    Use use = EnvironmentUse::Begin(folder_);
    if (use == nullptr) return Internal("'" + folder_.string() + "' is locked without the lock");
    return use;
  }

 private:
  Status Install() {
    EDGEOPT_CHECK_OK(CheckDisk());
    EDGEOPT_TRY(python_, FindPython(options_.python_candidates, files_, options_.cancel));
    uv_ = options_.uv;
    if (uv_.empty()) {
      EDGEOPT_TRY(uv_, FindUv(frameworks_, files_, python_, sink_, options_.cancel));
    }
    sink_.Note(what_ + " into '" + folder_.string() + "' (once, about " +
               std::to_string(SizeOf(framework_).fetched_mb) + " MB)");
    sink_.Start(what_, SizeOf(framework_).installed_mb);
    const Status made = Make();
    sink_.Finish();
    return made;
  }

  Status CheckDisk() const {
    std::error_code error;
    const auto space = fs::space(frameworks_, error);
    const int64_t needed = SizeOf(framework_).installed_mb * kMegabyte;
    if (error || space.available >= static_cast<uint64_t>(needed)) return OkStatus();
    return CantWrite(what_ + " needs " + std::to_string(needed / kMegabyte) + " MB in '" +
                         frameworks_.string() + "', where " +
                         std::to_string(space.available / kMegabyte) + " MB are free",
                     "free disk space, choose another folder with EDGEOPT_CACHE, or name a Python "
                     "that has " +
                         Title(framework_) + " with --python");
  }

  Status Make() {
    std::error_code error;
    fs::remove_all(folder_, error);
    HalfMadeFolder half_made(folder_);
    const std::string python = (folder_ / "bin" / "python").string();
    EDGEOPT_CHECK_OK(Step({uv_, "venv", "--python", python_.executable, folder_.string()}));
    // Compiled once here: a worker writes no bytecode, and without it each start takes half a
    // minute.
    EDGEOPT_CHECK_OK(
        Step({uv_, "pip", "install", "--python", python, "--no-deps", "--compile-bytecode",
              "--require-hashes", "--no-build", "--no-progress", "--requirement",
              (files_ / "locks" / (Name(framework_) + ".txt")).string()}));
    if (framework_ == Framework::kPytorch)
      EDGEOPT_CHECK_OK(Step({python, (files_ / kStubMaker).string()}));
    EDGEOPT_CHECK_OK(WriteFile(folder_ / kStampFile, Stamp(framework_, folder_)));
    half_made.Finish();
    fs::remove_all(uv_cache_, error);
    return OkStatus();
  }

  // One program; its output goes into the log.
  Status Step(std::vector<std::string> argv) {
    Command command{.argv = std::move(argv), .environment = python_.uv_environment};
    command.environment.push_back("UV_CACHE_DIR=" + uv_cache_.string());
    command.environment.push_back("UV_PYTHON_DOWNLOADS=never");
    // Not the user's: a project or uv.toml there is not about this environment.
    command.working_folder = frameworks_;
    command.limit = options_.install_limit;
    command.cancel = options_.cancel;
    command.tick = [this] { Tick(); };
    const auto end = RunToEnd(std::move(command));
    if (!end.ok()) return end.error().Within(what_);
    output_ += end->output;
    EDGEOPT_CHECK_OK(WriteFile(log_, output_));
    if (end->status.ok()) return OkStatus();
    if (end->output.empty())
      return Unavailable(what_ + " failed: '" + uv_ + "' ended with " + end->status.ToString());
    return InstallError(what_, end->output, log_);
  }

  // What is unpacked until now; to look takes a while, so not each time.
  void Tick() {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ < std::chrono::seconds(2)) return;
    sink_.Advance(
        std::min(BytesBelow(uv_cache_) / kMegabyte, SizeOf(framework_).installed_mb * 95 / 100));
    looked_ = std::chrono::steady_clock::now();
  }

  const Framework framework_;
  const EnvironmentOptions& options_;
  Sink& sink_;
  const fs::path files_, folder_, frameworks_, uv_cache_, log_;
  const std::string what_;
  Python python_;
  std::string uv_, output_;
  std::chrono::steady_clock::time_point looked_{};
};

Result<std::string> OwnPython(const std::string& python) {
  std::error_code error;
  if (fs::is_directory(python, error)) {
    const fs::path inside = fs::absolute(python, error) / "bin" / "python";
    if (fs::exists(inside, error)) return inside.string();
    return UsageError("--python '" + python + "' is a folder without bin/python",
                      "give an interpreter or the folder of a virtual environment");
  }
  if (python.find('/') == std::string::npos) return python;  // looked up on the PATH
  if (!fs::exists(python, error))
    return UsageError("--python '" + python + "' is not there",
                      "give an interpreter or the folder of a virtual environment");
  return fs::absolute(python, error).string();
}

}  // namespace

fs::path EnvironmentFolder(Framework framework, const fs::path& cache) {
  std::error_code error;
  return fs::absolute(cache, error) / "frameworks" /
         (Name(framework) + "-" + Sha256OfText(Lock(framework)).substr(0, 16));
}

bool IsFinished(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / kStampFile, error) && fs::exists(folder / "bin" / "python", error);
}

bool IsInstalled(Framework framework, const fs::path& cache) {
  return IsWhole(framework, EnvironmentFolder(framework, cache));
}

Result<Environment> OpenEnvironment(Framework framework, const EnvironmentOptions& options) {
  Environment environment{.framework = framework};
  if (!options.python.empty()) {
    EDGEOPT_TRY(environment.python, OwnPython(options.python));
    EDGEOPT_TRY(environment.files, LayOutFiles(options.cache));
    return environment;
  }
  EDGEOPT_TRY(environment.files, LayOutFiles(options.cache));
  environment.folder = EnvironmentFolder(framework, options.cache);
  if (IsInstalled(framework, options.cache))
    environment.use = EnvironmentUse::Begin(environment.folder);
  // Looked at again: what is held now may have been removed just before.
  if (environment.use == nullptr || !IsInstalled(framework, options.cache)) {
    Installation installation(framework, options, environment.files);
    EDGEOPT_TRY(environment.use, installation.Run());
  }
  environment.python = (environment.folder / "bin" / "python").string();
  return environment;
}

}  // namespace edgeopt::frameworks
