// Models in processes of their own, for subcommands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/data_options.h"
#include "measure/agent_client.h"

namespace edgeopt::cli {

// Starts an agent and loads the model, which was read here before (pipeline::OpenModel). `threads`
// 0: one per usable CPU.
Result<std::unique_ptr<measure::AgentClient>> LoadInAgent(const Context& context,
                                                          const std::string& model, int threads);

// Gives the agent the first samples of the data set, or, without --data, generated ones; the answer
// says which: "12 samples of ...", "generated inputs: x [1, 3]".
Result<std::string> SetBenchInputs(measure::AgentClient& client, const DataOptions& options);

// Warnings about the machine, to the sink.
void WarnAboutMachine(const Context& context, const measure::AgentClient& client, int threads);

}  // namespace edgeopt::cli
