// Models that run in their framework: a worker instead of an agent of this program.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/sinks.h"
#include "frameworks/source.h"
#include "measure/agent_client.h"
#include "pipeline/agents.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// A worker for the source, in the user's own interpreter or in edgeopt's environment, which is made
// on first use.
Result<std::unique_ptr<measure::AgentClient>> StartFramework(const AgentStarter& agents,
                                                             const frameworks::Source& source,
                                                             const std::string& python, Sink& sink);

// The same with the source loaded. Unsupported where agents run on another machine. No threads: one
// per CPU.
Result<std::unique_ptr<measure::AgentClient>> LoadInFramework(const AgentStarter& agents,
                                                              const frameworks::Source& source,
                                                              int threads,
                                                              const std::string& python = {});
// The source of a run, with its threads.
Result<std::unique_ptr<measure::AgentClient>> LoadInFramework(const AgentStarter& agents,
                                                              const report::Record& record);

}  // namespace edgeopt::pipeline
