#include "cli/conditions.h"

#include <nlohmann/json.hpp>

#include "cli/parser.h"

namespace edgeopt::cli {

void AddConditionOptions(Parser& parser, ConditionArguments& arguments) {
  parser.AddFlag("--lock-clocks", arguments.lock_clocks, "fix the clocks meanwhile");
  parser.AddFlag("--sudo", arguments.sudo, "with 'sudo -n' where that needs rights");
}

Result<Conditions> BeginConditions(measure::AgentClient& client,
                                   const ConditionArguments& arguments, const Context& context) {
  Conditions conditions;
  if (arguments.sudo && !arguments.lock_clocks)
    return UsageError("--sudo is for --lock-clocks", "give both, or none");
  if (arguments.lock_clocks) {
    measure::ClockLockParams params;
    params.sudo = arguments.sudo;
    EDGEOPT_TRY(const measure::ClockLock lock, client.LockClocks(params));
    conditions.label = hardware::LockLabel(lock.report);
    if (!conditions.label.empty()) context.sink->Warn(conditions.label);
    if (lock.clocks) conditions.locked = *lock.clocks;
  }
  EDGEOPT_CHECK_OK(client.Watch());
  return conditions;
}

Status EndConditions(measure::AgentClient& client, Conditions& conditions) {
  EDGEOPT_TRY(conditions.telemetry, client.Watched());
  return OkStatus();
}

nlohmann::json ToJson(const Conditions& conditions, const ConditionArguments& arguments) {
  return {{"clocks", !arguments.lock_clocks     ? "as they were"
                     : conditions.label.empty() ? "locked"
                                                : conditions.label},
          {"telemetry", hardware::ToJson(conditions.telemetry)}};
}

}  // namespace edgeopt::cli
