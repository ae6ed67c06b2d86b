// Under what a command measures: clocks locked where asked for, sensors watched always.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "cli/command.h"
#include "measure/conditions.h"

namespace edgeopt::cli {

class Parser;

struct ConditionArguments {
  bool lock_clocks = false, sudo = false;
};
// Declares --lock-clocks and --sudo; `brief`: the latter is rare.
void AddConditionOptions(Parser& parser, ConditionArguments& arguments, bool brief = false);
// Usage error for rights that nothing needs.
Status CheckConditions(const ConditionArguments& arguments);

struct Conditions {
  measure::Clocks clocks;
  std::vector<hardware::Sample> telemetry;
};

// Locks the clocks of the agent's board where asked for (a lock that fails is a warning and a
// label, no error) and begins to watch its sensors.
Result<Conditions> BeginConditions(measure::AgentClient& client,
                                   const ConditionArguments& arguments, const Context& context);
// Ends the watching. What was locked is set back when the agent ends.
Status EndConditions(measure::AgentClient& client, Conditions& conditions);

// measure::SummarizeConditions, and all that was sampled.
nlohmann::json ToJson(const Conditions& conditions, const std::vector<std::string>& throttled);

}  // namespace edgeopt::cli
