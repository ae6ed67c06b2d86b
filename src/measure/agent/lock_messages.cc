#include <cfloat>

#include "base/json_object.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {

using nlohmann::json;

namespace {

constexpr int kMostPowerModes = 1000;

Result<hardware::LockedClocks> LockedClocksFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "clocks"));
  hardware::LockedClocks clocks;
  EDGEOPT_TRY(const json* cpus, fields.Object("cpu_mhz"));
  for (const auto& [cpu, mhz] : cpus->items()) {
    if (!mhz.is_number()) return BadInput("clocks: the clock of CPU " + cpu + " is not a number");
    clocks.cpu_mhz[cpu] = mhz.get<double>();
  }
  if (fields.Has("gpu_mhz")) {
    EDGEOPT_TRY(clocks.gpu_mhz, fields.Number("gpu_mhz", 0, FLT_MAX));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return clocks;
}

}  // namespace

json ToJson(const ClockLockParams& params) {
  json object = {{"sudo", params.sudo}, {"keep", params.keep}};
  if (params.power_mode) object["power_mode"] = *params.power_mode;
  return object;
}

Result<ClockLockParams> ClockLockParamsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "lock"));
  ClockLockParams params;
  EDGEOPT_TRY(params.sudo, fields.Bool("sudo"));
  EDGEOPT_TRY(params.keep, fields.Bool("keep"));
  if (fields.Has("power_mode")) {
    EDGEOPT_TRY(const int64_t mode, fields.Integer("power_mode", 0, kMostPowerModes));
    params.power_mode = static_cast<int>(mode);
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return params;
}

json ToJson(const ClockLock& lock) {
  json object = {{"report", hardware::ToJson(lock.report)}};
  if (!lock.clocks) return object;
  object["clocks"]["cpu_mhz"] = json(lock.clocks->cpu_mhz);
  if (lock.clocks->cpu_mhz.empty()) object["clocks"]["cpu_mhz"] = json::object();
  if (lock.clocks->gpu_mhz) object["clocks"]["gpu_mhz"] = *lock.clocks->gpu_mhz;
  return object;
}

Result<ClockLock> ClockLockFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "lock"));
  ClockLock lock;
  EDGEOPT_TRY(const json* report, fields.Object("report"));
  EDGEOPT_TRY(lock.report, hardware::LockReportFromJson(*report));
  if (fields.Has("clocks")) {
    EDGEOPT_TRY(const json* clocks, fields.Object("clocks"));
    EDGEOPT_TRY(lock.clocks, LockedClocksFrom(*clocks));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return lock;
}

}  // namespace edgeopt::measure
