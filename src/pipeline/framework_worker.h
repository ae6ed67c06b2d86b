// Models that run in their framework: a worker instead of an agent of this program.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "frameworks/source.h"
#include "measure/agent_client.h"
#include "pipeline/agents.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// A worker for the source, in the user's own interpreter or in edgeopt's environment, which is made
// on first use, as `agents.sink` is told. Its standard error is kept in the folder `logs`; empty:
// below the cache.
Result<std::unique_ptr<measure::AgentClient>> StartFramework(
    const AgentStarter& agents, const frameworks::Source& source, const std::string& python,
    const std::filesystem::path& logs = {});

// The same with the source loaded. Unsupported where agents run on another machine. No threads: one
// per CPU.
Result<std::unique_ptr<measure::AgentClient>> LoadInFramework(
    const AgentStarter& agents, const frameworks::Source& source, int threads,
    const std::string& python = {}, const std::filesystem::path& logs = {});
// The source of a run, with its threads; the log is in its work folder.
Result<std::unique_ptr<measure::AgentClient>> LoadInFramework(const AgentStarter& agents,
                                                              const report::Record& record,
                                                              const std::filesystem::path& work);

// In the work folder of a run: what its workers wrote to standard error.
inline constexpr const char* kRunLogs = "logs";

}  // namespace edgeopt::pipeline
