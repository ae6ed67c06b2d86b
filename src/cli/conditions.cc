#include "cli/conditions.h"

#include <nlohmann/json.hpp>

#include "cli/parser.h"

namespace edgeopt::cli {

void AddConditionOptions(Parser& parser, ConditionArguments& arguments, bool brief) {
  parser.AddFlag("--lock-clocks", arguments.lock_clocks, "fix the clocks meanwhile");
  Declared sudo =
      parser.AddFlag("--sudo", arguments.sudo, "with 'sudo -n' where that needs rights");
  if (brief) sudo.Rare();
}

Status CheckConditions(const ConditionArguments& arguments) {
  if (arguments.sudo && !arguments.lock_clocks)
    return UsageError("--sudo is for --lock-clocks", "give both, or none");
  return OkStatus();
}

Result<Conditions> BeginConditions(measure::AgentClient& client,
                                   const ConditionArguments& arguments, const Context& context) {
  Conditions conditions;
  if (arguments.lock_clocks) {
    measure::ClockLockParams params;
    params.sudo = arguments.sudo;
    EDGEOPT_TRY(conditions.clocks, measure::LockUntilItEnds(client, params));
    if (const std::string label = conditions.clocks.label(); !label.empty())
      context.sink->Warn(label);
  }
  EDGEOPT_CHECK_OK(client.Watch());
  return conditions;
}

Status EndConditions(measure::AgentClient& client, Conditions& conditions) {
  EDGEOPT_TRY(conditions.telemetry, client.Watched());
  return OkStatus();
}

nlohmann::json ToJson(const Conditions& conditions, const std::vector<std::string>& throttled) {
  nlohmann::json document =
      measure::SummarizeConditions(conditions.clocks, conditions.telemetry, throttled);
  document["telemetry"] = hardware::ToJson(conditions.telemetry);
  return document;
}

}  // namespace edgeopt::cli
