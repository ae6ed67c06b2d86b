// What optimize, resume and accept have in common: run the workflow on, report, tell the ending.
#pragma once

#include "cli/command.h"
#include "pipeline/agents.h"
#include "pipeline/preflight.h"
#include "pipeline/state.h"

namespace edgeopt::cli {

// On this machine: what transforms models runs them there.
pipeline::AgentStarter AgentsOf(const Context& context);
// On the machine that measures a run's models, which is connected when this returns.
Result<pipeline::AgentStarter> AgentsOf(const Context& context, const report::Measuring& measuring);

// What pre-flight warns of, to the sink.
void WarnOf(const pipeline::Preflight& preflight, const Context& context);

// Warns of that, and leaves a work folder from which a run begins. The first
// failure of pre-flight is the error, and nothing is written then.
Status StartState(const pipeline::Preflight& preflight, const std::filesystem::path& work,
                  const Context& context);

// Runs from where the state is to an ending, writes report.md and report.json into the work folder,
// and answers with a summary. A violation or a missed target is the answer's failure (exit code 1).
Result<Answer> RunAndReport(pipeline::State state, const pipeline::WorkFolder& work,
                            Context& context);

// WORK/report.md and WORK/report.json, and where there was a sustained load its plot, from the
// state alone; returns the JSON document.
Result<nlohmann::json> WriteReports(const pipeline::State& state,
                                    const std::filesystem::path& work);

}  // namespace edgeopt::cli
