// The Python environment that a framework's worker runs in: the user's own, or one that edgeopt
// makes under its cache on first use. Sources of other kinds never get here.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "frameworks/environment_use.h"
#include "frameworks/framework.h"
#include "frameworks/python.h"

namespace edgeopt::frameworks {

struct Environment {
  Framework framework = Framework::kPytorch;
  std::string python;            // its interpreter: a path, or a name for the PATH
  std::filesystem::path folder;  // of the environment that edgeopt made; empty: the user's own
  std::filesystem::path files;   // what LayOutFiles made: the worker is below it
  // Of edgeopt's own: it is not removed while this lives, or a worker that was started meanwhile.
  std::shared_ptr<const EnvironmentUse> use;
  bool own() const { return !folder.empty(); }
};

struct EnvironmentOptions {
  std::filesystem::path cache;
  // The user's own Python (--python): a program, a name on the PATH or a virtual environment's
  // folder. Nothing is installed then; what it lacks StartWorker tells.
  std::string python;
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
  // What may take its time is the network.
  std::chrono::milliseconds install_limit = std::chrono::hours(2);
  // For tests: other Pythons, another uv, as commands.
  std::vector<std::string> python_candidates = PythonCandidates();
  std::string uv;
};

// <cache>/frameworks/<framework>-<first 16 digits of its lock's SHA-256>/.
std::filesystem::path EnvironmentFolder(Framework framework, const std::filesystem::path& cache);

// Whether it is there, whole: OpenEnvironment would install nothing.
bool IsInstalled(Framework framework, const std::filesystem::path& cache);

// Whether the installation of the environment in `folder`, of whatever lock, was finished.
bool IsFinished(const std::filesystem::path& folder);

// The environment, made first where it is not there: uv installs the locked packages, each checked
// by its hash, nothing built from source. It counts once its stamp is written; what a killed
// process left behind is removed, and a second process waits. uv's cache lies beside it, so that
// files are linked, not copied; it stays after a failure (another try does not fetch again) and
// goes after success. What uv said is in <folder>.log. Environments of other locks of the framework
// that were not used for long go then (upkeep.h).
//
// Unavailable: no Python 3.11 to 3.13, no uv to be had, no network, a full disk, a package that is
// not the pinned one; the hint says what to do. Interrupted on cancel: uv is ended, the half-made
// folder removed.
Result<Environment> OpenEnvironment(Framework framework, const EnvironmentOptions& options);

}  // namespace edgeopt::frameworks
