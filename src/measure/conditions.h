// Under what something is measured: whether the clocks were locked, and what the sensors said
// meanwhile.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "hardware/telemetry.h"
#include "hardware/throttling.h"
#include "measure/agent_client.h"

namespace edgeopt::measure {

// Of the machine that measures.
struct Clocks {
  // "locked", "clocks not locked: why", or, when nobody asked for that, "as they were".
  std::string state = "as they were";
  hardware::LockedClocks locked;

  // Not empty: what should stand beside numbers for which somebody wanted locked clocks.
  std::string label() const;
};

// Locks the clocks of the agent's machine until the agent ends. What stands in the way is no error
// but the state.
Result<Clocks> LockUntilItEnds(AgentClient& agent, const ClockLockParams& params);

// What was sampled, in a few numbers, as docs/formats/state.md describes it. What the machine does
// not tell is left out. `throttled`: hardware::ThrottlingReasons.
nlohmann::json SummarizeConditions(const Clocks& clocks,
                                   const std::vector<hardware::Sample>& samples,
                                   const std::vector<std::string>& throttled);

}  // namespace edgeopt::measure
