#include "frameworks/python.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_object.h"
#include "frameworks/command.h"

namespace edgeopt::frameworks {
namespace {

using nlohmann::json;

struct Probe {
  Python python;
  std::vector<int64_t> version;
  bool fits() const {
    return version[0] == 3 && version[1] >= kFirstMinor && version[1] < kEndMinor;
  }
};

Result<Probe> ProbeFrom(const std::string& text) {
  const json answer = json::parse(text, nullptr, false);
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(answer, "its answer"));
  Probe probe;
  EDGEOPT_TRY(probe.python.executable, fields.Text("executable"));
  EDGEOPT_TRY(probe.python.pip, fields.Bool("pip"));
  EDGEOPT_TRY(const json* version, fields.Array("version"));
  for (const json& part : *version) probe.version.push_back(IntegerIn(part, 0, 10'000).value_or(0));
  if (probe.version.size() != 3) return BadInput("its version has not three parts");
  probe.python.minor = static_cast<int>(probe.version[1]);
  EDGEOPT_TRY(const json* variables, fields.Object("uv_environment"));
  for (const auto& [name, value] : variables->items())
    if (value.is_string())
      probe.python.uv_environment.push_back(name + "=" + value.get<std::string>());
  EDGEOPT_CHECK_OK(fields.Finish());
  return probe;
}

// nullopt: it is not there, or no Python 3. Interrupted is the only error.
Result<std::optional<Probe>> Ask(const std::string& candidate, const std::filesystem::path& files,
                                 const CancelToken* cancel) {
  const auto end = RunToEnd({.argv = {candidate, (files / "python/probe_python.py").string()},
                             .environment = {"PYTHONDONTWRITEBYTECODE=1"},
                             .working_folder = files,
                             .limit = std::chrono::minutes(2),
                             .cancel = cancel});
  if (!end.ok() && end.error().code == ErrorCode::kInterrupted) return end.error();
  if (!end.ok() || !end->status.ok()) return std::optional<Probe>();
  auto probe = ProbeFrom(end->out);
  if (!probe.ok()) return std::optional<Probe>();
  return std::optional<Probe>(std::move(probe).value());
}

}  // namespace

const std::vector<std::string>& PythonCandidates() {
  static const std::vector<std::string> kCandidates = {"python3", "/usr/bin/python3", "python3.13",
                                                       "python3.12", "python3.11"};
  return kCandidates;
}

Result<Python> FindPython(const std::vector<std::string>& candidates,
                          const std::filesystem::path& files, const CancelToken* cancel) {
  std::optional<Python> without_pip;
  std::string found;
  for (const std::string& candidate : candidates) {
    EDGEOPT_TRY(auto probe, Ask(candidate, files, cancel));
    if (!probe) continue;
    if (!probe->fits()) {
      found += (found.empty() ? "" : ", ") + probe->python.executable + " (" +
               std::to_string(probe->version[0]) + "." + std::to_string(probe->version[1]) + ")";
      continue;
    }
    if (probe->python.pip) return probe->python;
    if (!without_pip) without_pip = probe->python;
  }
  if (without_pip) return *without_pip;
  const std::string range =
      "3." + std::to_string(kFirstMinor) + " to 3." + std::to_string(kEndMinor - 1);
  return Unavailable("there is no Python of version " + range + " on the PATH" +
                         (found.empty() ? "" : "; found " + found),
                     "install one (Debian: apt-get install python3 python3-pip), or name a Python "
                     "that has the framework with --python");
}

}  // namespace edgeopt::frameworks
