#include "pipeline/state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/file.h"
#include "report/text.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char* kStateFile = "state.json";
constexpr Phase kPhases[] = {Phase::kProfile, Phase::kOptimize, Phase::kBenchmark, Phase::kValidate,
                             Phase::kPackage};

std::string Latency(const report::Step* step) {
  return step != nullptr && step->latency ? report::Number(step->latency->p50_ms) : "unmeasured";
}

std::string Accuracy(const report::Step* step) {
  return step != nullptr && step->accuracy ? report::Score(step->accuracy->value) : "unmeasured";
}

std::string Applied(const report::Record& record) {
  const report::Step* best = record.best();
  std::string names;
  if (best != nullptr)
    for (const report::Step* step : record.Chain(*best))
      names += (names.empty() ? "" : ", ") + step->id;
  return names.empty() ? "none" : names;
}

}  // namespace

std::string_view Name(Phase phase) {
  switch (phase) {
    case Phase::kProfile:
      return "PROFILE";
    case Phase::kOptimize:
      return "OPTIMIZE";
    case Phase::kBenchmark:
      return "BENCHMARK";
    case Phase::kValidate:
      return "VALIDATE";
    case Phase::kPackage:
      return "PACKAGE";
  }
  return "";
}

json ToJson(const State& state) {
  return {{"schema_version", kStateSchemaVersion},
          {"phase", Name(state.phase)},
          {"last_action", state.last_action},
          {"next_action", state.next_action},
          {"blockers", state.blockers},
          {"package_folder", state.package_folder},
          {"package_archive", state.package_archive},
          {"finished", state.finished},
          {"record", report::ToJson(state.record)}};
}

Result<State> StateFromJson(const json& document) {
  if (!document.is_object() || !document.contains("schema_version"))
    return BadInput("this is no state of edgeopt: schema_version is missing");
  if (document["schema_version"] != kStateSchemaVersion)
    return Unsupported("the state has schema version " + document["schema_version"].dump() +
                           ", this edgeopt reads version " + std::to_string(kStateSchemaVersion),
                       "use the version of edgeopt that began the run");
  State state;
  try {
    for (const Phase phase : kPhases)
      if (document.at("phase") == Name(phase)) state.phase = phase;
    document.at("last_action").get_to(state.last_action);
    document.at("next_action").get_to(state.next_action);
    document.at("blockers").get_to(state.blockers);
    document.at("package_folder").get_to(state.package_folder);
    document.at("package_archive").get_to(state.package_archive);
    document.at("finished").get_to(state.finished);
    EDGEOPT_TRY(state.record, report::RecordFromJson(document.at("record")));
  } catch (const json::exception& error) {
    return BadInput(error.what());
  }
  return state;
}

std::string StateBlock(const State& state) {
  const report::Record& record = state.record;
  std::string block = "<model-opt-state>\n";
  const auto line = [&](const char* name, const std::string& value) {
    block += std::string(name) + ": " + value + "\n";
  };
  line("phase", std::string(Name(state.phase)));
  line("model_name", record.model_name);
  line("source_format", record.source_format);
  line("target_device", record.device);
  line("baseline_latency_ms", Latency(record.baseline()));
  line("baseline_accuracy", Accuracy(record.baseline()));
  line("accuracy_tolerance", report::Number(record.tolerance_ratio * 100) + "%");
  line("optimizations_applied", Applied(record));
  line("current_best_latency_ms", Latency(record.best()));
  line("current_best_accuracy", Accuracy(record.best()));
  line("original_model_path", record.model_path);
  line("last_action", state.last_action);
  line("next_action", state.next_action);
  line("blockers", state.blockers);
  return block + "</model-opt-state>\n";
}

Result<WorkFolder> WorkFolder::Lock(const fs::path& path) {
  const fs::path file = path / "lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    return Unavailable(
        "can't write to the work folder '" + path.string() + "': " + std::strerror(errno),
        "choose another one with --work");
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return Unavailable("another edgeopt is working in '" + path.string() + "'",
                       "wait for it, or choose another folder with --work");
  }
  return WorkFolder(path, fd);
}

Result<WorkFolder> WorkFolder::Create(const fs::path& path) {
  std::error_code ec;
  const fs::path absolute = fs::absolute(path);
  fs::create_directories(absolute / "variants", ec);
  if (ec)
    return Unavailable("can't make the work folder '" + absolute.string() + "': " + ec.message(),
                       "choose another one with --work");
  EDGEOPT_TRY(WorkFolder folder, Lock(absolute));
  if (fs::exists(absolute / kStateFile))
    return UsageError(
        "'" + path.string() + "' holds a run already",
        "go on with 'edgeopt resume " + path.string() + "', or choose another folder with --work");
  return folder;
}

Result<WorkFolder> WorkFolder::Open(const fs::path& path) {
  EDGEOPT_CHECK_OK(ReadState(path));
  return Lock(fs::absolute(path));
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

WorkFolder::~WorkFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Status WorkFolder::Save(const State& state) const {
  return WriteFile(path_ / kStateFile,
                   ToJson(state).dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

Result<State> WorkFolder::Load() const { return ReadState(path_); }

Result<State> ReadState(const fs::path& work) {
  const fs::path file = work / kStateFile;
  if (!fs::exists(file))
    return UsageError("there is no run in '" + work.string() + "'",
                      "name the work folder of an 'edgeopt optimize'");
  EDGEOPT_TRY(const std::string text, ReadFile(file));
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return BadInput("'" + file.string() + "' is not JSON");
  auto state = StateFromJson(document);
  if (!state.ok()) return state.error().Within(file.string());
  return state;
}

fs::path InWork(const fs::path& work, const std::string& name) {
  return fs::path(name).is_absolute() ? fs::path(name) : work / name;
}

}  // namespace edgeopt::pipeline
