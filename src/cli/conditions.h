// Under what something is measured: clocks locked where asked for, sensors watched always.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/command.h"
#include "measure/agent_client.h"

namespace edgeopt::cli {

class Parser;

struct ConditionArguments {
  bool lock_clocks = false, sudo = false;
};
// Declares --lock-clocks and --sudo.
void AddConditionOptions(Parser& parser, ConditionArguments& arguments);

struct Conditions {
  // Empty: the clocks were locked, or nobody asked for that; else "clocks not locked: why".
  std::string label;
  hardware::LockedClocks locked;
  std::vector<hardware::Sample> telemetry;
};

// Locks the clocks of the agent's board where asked for (a lock that fails is a warning and a
// label, no error) and begins to watch its sensors.
Result<Conditions> BeginConditions(measure::AgentClient& client,
                                   const ConditionArguments& arguments, const Context& context);
// Ends the watching. What was locked is set back when the agent ends.
Status EndConditions(measure::AgentClient& client, Conditions& conditions);

nlohmann::json ToJson(const Conditions& conditions, const ConditionArguments& arguments);

}  // namespace edgeopt::cli
