#include "hardware/lock_journal.h"

#include "base/file.h"
#include "base/json_object.h"
#include "hardware/cpu_frequency.h"
#include "hardware/devfreq.h"

namespace edgeopt::hardware {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr char kJournalFormat[] = "edgeopt clock journal";
constexpr int64_t kJournalVersion = 1;

json CpuToJson(const PreviousCpu& cpu) {
  json object = {{"cpu", cpu.cpu}, {"governor", cpu.governor}};
  PutKnown(object, "min_khz", cpu.min_khz);
  return object;
}

json StateToJson(const PreviousState& state) {
  json object = {{"format", kJournalFormat}, {"version", kJournalVersion}};
  PutKnown(object, "power_mode", state.power_mode);
  if (!state.jetson_clocks.empty()) object["jetson_clocks"] = state.jetson_clocks;
  object["cpus"] = json::array();
  for (const PreviousCpu& cpu : state.cpus) object["cpus"].push_back(CpuToJson(cpu));
  PutKnown(object, "gpu_min_hz", state.gpu_min_hz);
  return object;
}

Result<PreviousCpu> CpuFromJson(const json& value) {
  PreviousCpu cpu;
  EDGEOPT_TRY(JsonObject object, JsonObject::Of(value, "cpu"));
  EDGEOPT_CHECK_OK(object.Require("cpu"));
  EDGEOPT_CHECK_OK(object.Require("governor"));
  EDGEOPT_CHECK_OK(object.Read("cpu", cpu.cpu));
  EDGEOPT_CHECK_OK(object.Read("governor", cpu.governor));
  EDGEOPT_CHECK_OK(object.Read("min_khz", cpu.min_khz));
  EDGEOPT_CHECK_OK(object.Finish());
  if (cpu.cpu < 0 || cpu.cpu > 65535) return object.Wrong("'cpu' is no number of a CPU");
  return cpu;
}

Result<PreviousState> StateFromJson(const json& value) {
  PreviousState state;
  std::string format;
  int64_t version = 0;
  EDGEOPT_TRY(JsonObject object, JsonObject::Of(value, "journal"));
  EDGEOPT_CHECK_OK(object.Read("format", format));
  EDGEOPT_CHECK_OK(object.Read("version", version));
  if (format != kJournalFormat) return object.Wrong("'format' is not that of a clock journal");
  if (version != kJournalVersion)
    return object.Wrong("version " + std::to_string(version) + "; this edgeopt writes version " +
                        std::to_string(kJournalVersion));
  EDGEOPT_CHECK_OK(object.Read("power_mode", state.power_mode));
  EDGEOPT_CHECK_OK(object.Read("jetson_clocks", state.jetson_clocks));
  EDGEOPT_CHECK_OK(object.Require("cpus"));
  EDGEOPT_TRY(const json* cpus, object.ArrayIfAny("cpus"));
  for (const json& cpu : *cpus) {
    EDGEOPT_TRY(PreviousCpu previous, CpuFromJson(cpu));
    state.cpus.push_back(std::move(previous));
  }
  EDGEOPT_CHECK_OK(object.Read("gpu_min_hz", state.gpu_min_hz));
  EDGEOPT_CHECK_OK(object.Finish());
  return state;
}

}  // namespace

fs::path JournalFile(const fs::path& folder) { return folder / "clock-journal.json"; }

PreviousState ReadClockState(const fs::path& root) {
  PreviousState state;
  for (const CpuFrequency& cpu : ReadCpuFrequencies(root))
    state.cpus.push_back({cpu.cpu, cpu.governor, cpu.min_khz});
  if (const auto gpu = ReadGpuClock(root)) state.gpu_min_hz = gpu->min_hz;
  return state;
}

Result<std::optional<PreviousState>> ReadJournal(const fs::path& folder) {
  const fs::path file = JournalFile(folder);
  std::error_code ec;
  if (!fs::exists(file, ec)) {
    if (!ec) return std::optional<PreviousState>();
    return Unavailable("can't look for '" + file.string() + "': " + ec.message());
  }
  EDGEOPT_TRY(const std::string text, ReadFile(file));
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  auto state = value.is_discarded() ? Result<PreviousState>(BadInput("it is not JSON"))
                                    : StateFromJson(value);
  if (state.ok()) return std::optional<PreviousState>(std::move(state).value());
  Error error = state.error().Within("'" + file.string() + "'");
  error.hint = "set the clocks back by hand or restart the board, then remove this file";
  return error;
}

Status WriteJournal(const fs::path& folder, const PreviousState& state) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return CantWrite("can't make the folder '" + folder.string() + "': " + ec.message());
  const std::string text = StateToJson(state).dump(2, ' ', false, json::error_handler_t::replace);
  return WriteFile(JournalFile(folder), text + "\n", Overwrite::kRefuse);
}

Status RemoveJournal(const fs::path& folder) {
  std::error_code ec;
  fs::remove(JournalFile(folder), ec);
  if (!ec) return OkStatus();
  return CantWrite("can't remove '" + JournalFile(folder).string() + "': " + ec.message());
}

}  // namespace edgeopt::hardware
