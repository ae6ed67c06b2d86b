// What optimize, resume and accept have in common: run the workflow on, report, tell the ending.
#pragma once

#include "cli/command.h"
#include "pipeline/agents.h"
#include "pipeline/state.h"

namespace edgeopt::cli {

pipeline::AgentStarter AgentsOf(const Context& context);

// Runs from where the state is to an ending, writes report.md and report.json into the work folder,
// and answers with a summary. A violation or a missed target is the answer's failure (exit code 1).
Result<Answer> RunAndReport(pipeline::State state, const pipeline::WorkFolder& work,
                            Context& context);

// WORK/report.md and WORK/report.json from the state alone; returns the JSON document.
Result<nlohmann::json> WriteReports(const pipeline::State& state,
                                    const std::filesystem::path& work);

}  // namespace edgeopt::cli
