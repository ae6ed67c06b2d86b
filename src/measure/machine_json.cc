// The machine's facts as JSON: in the agent's hello, in state and manifest.
#include <cfloat>

#include "base/json_object.h"
#include "measure/machine.h"

namespace edgeopt::measure {

using nlohmann::json;

json ToJson(const Machine& machine) {
  return {{"cpu_model", machine.cpu_model},
          {"architecture", machine.architecture},
          {"logical_cpus", machine.logical_cpus},
          {"usable_cpus", machine.usable_cpus},
          {"cpu_quota", machine.cpu_quota},
          {"cpu_features", machine.cpu_features},
          {"governor", machine.governor},
          {"boost", machine.boost ? json(*machine.boost) : json()},
          {"max_frequency_khz", machine.max_frequency_khz},
          {"load_1min", machine.load_1min ? json(*machine.load_1min) : json()},
          {"memory_bytes", machine.memory_bytes},
          {"memory_available_bytes", machine.memory_available_bytes},
          {"kernel", machine.kernel},
          {"os", machine.os},
          {"board", machine.board},
          {"container", machine.container},
          {"virtual_machine", machine.virtual_machine}};
}

Result<Machine> MachineFromJson(const json& value) {
  constexpr int64_t kMaxBytes = int64_t{1} << 60;
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "machine"));
  Machine machine;
  EDGEOPT_TRY(machine.cpu_model, fields.Text("cpu_model"));
  EDGEOPT_TRY(machine.architecture, fields.Text("architecture"));
  EDGEOPT_TRY(const int64_t logical, fields.Integer("logical_cpus", 0, 1 << 20));
  EDGEOPT_TRY(const int64_t usable, fields.Integer("usable_cpus", 0, 1 << 20));
  machine.logical_cpus = static_cast<int>(logical);
  machine.usable_cpus = static_cast<int>(usable);
  EDGEOPT_TRY(machine.cpu_quota, fields.Number("cpu_quota", 0, 1 << 20));
  EDGEOPT_TRY(machine.cpu_features, fields.Texts("cpu_features"));
  EDGEOPT_TRY(machine.governor, fields.Text("governor"));
  if (value.contains("boost") && !value["boost"].is_null()) {
    EDGEOPT_TRY(machine.boost, fields.Bool("boost"));
  }
  EDGEOPT_TRY(machine.max_frequency_khz, fields.Integer("max_frequency_khz", 0, kMaxBytes));
  if (value.contains("load_1min") && !value["load_1min"].is_null()) {
    EDGEOPT_TRY(machine.load_1min, fields.Number("load_1min", 0, DBL_MAX));
  }
  EDGEOPT_TRY(machine.memory_bytes, fields.Integer("memory_bytes", 0, kMaxBytes));
  EDGEOPT_TRY(machine.memory_available_bytes,
              fields.Integer("memory_available_bytes", 0, kMaxBytes));
  EDGEOPT_TRY(machine.kernel, fields.Text("kernel"));
  EDGEOPT_TRY(machine.os, fields.Text("os"));
  EDGEOPT_TRY(machine.board, fields.Text("board"));
  EDGEOPT_TRY(machine.container, fields.Text("container"));
  EDGEOPT_TRY(machine.virtual_machine, fields.Bool("virtual_machine"));
  return machine;
}

}  // namespace edgeopt::measure
