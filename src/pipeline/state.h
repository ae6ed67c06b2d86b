// The state of a run on disk: state.json in the work folder, replaced atomically after each step,
// so that a killed run can go on from the last thing that was finished.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "report/record.h"

namespace edgeopt::pipeline {

inline constexpr int kStateSchemaVersion = 1;

enum class Phase { kProfile, kOptimize, kBenchmark, kValidate, kPackage };
std::string_view Name(Phase phase);  // "PROFILE"

struct State {
  report::Record record;
  Phase phase = Phase::kProfile;
  std::string last_action = "none", next_action, blockers = "none";
  std::string package_folder, package_archive;  // absolute; empty: not packaged
  bool finished = false;                        // nothing is left to do
};

nlohmann::json ToJson(const State& state);
Result<State> StateFromJson(const nlohmann::json& document);
// The block <model-opt-state>, one line per field, ends with a newline.
std::string StateBlock(const State& state);

// A work folder that this process alone may write to: a lock is held as long as the object lives.
// The kernel drops the lock of a killed process.
class WorkFolder {
 public:
  // A folder for a new run. Usage error when it has a run already, kUnavailable when it can't be
  // made or another process works in it.
  static Result<WorkFolder> Create(const std::filesystem::path& path);
  // The folder of an existing run.
  static Result<WorkFolder> Open(const std::filesystem::path& path);
  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  const std::filesystem::path& path() const { return path_; }
  Status Save(const State& state) const;
  Result<State> Load() const;

 private:
  WorkFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  static Result<WorkFolder> Lock(const std::filesystem::path& path);
  std::filesystem::path path_;
  int lock_ = -1;
};

// Reads the state without locking: for looking at a run, also one in progress.
Result<State> ReadState(const std::filesystem::path& work);
// Absolute path of a file that a record names: relative names are in the work folder.
std::filesystem::path InWork(const std::filesystem::path& work, const std::string& name);

}  // namespace edgeopt::pipeline
