// Latency and accuracy of a step, by agents on the run's own data.
#pragma once

#include <filesystem>

#include "base/sinks.h"
#include "measure/conditions.h"
#include "pipeline/agents.h"
#include "pipeline/workflow.h"

namespace edgeopt::pipeline {

// A new agent with the step's model, and samples of the validation data to run it on.
Result<std::unique_ptr<measure::AgentClient>> LoadForTiming(const report::Record& record,
                                                            const report::Step& step,
                                                            const std::filesystem::path& work,
                                                            const AgentStarter& agents);

// `best` is null for the baseline, which is timed alone; a variant is timed in turns with the
// baseline and, if that is another one, with the best. The sensors are watched meanwhile; `clocks`:
// how the run has set them.
Result<Measured> MeasureStep(const report::Record& record, const report::Step& step,
                             const report::Step* best, const std::filesystem::path& work,
                             const AgentStarter& agents, const measure::Clocks& clocks, Sink& sink);

// Keeps the full score in WORK/scores/ID.json.
Result<Validated> ValidateStep(const report::Record& record, const report::Step& step,
                               const std::filesystem::path& work, const AgentStarter& agents,
                               Sink& sink, const CancelToken* cancel);

// Profiles the best variant, and measures it at half its resolution where it has one.
Result<report::Bottleneck> FindBottleneck(const report::Record& record,
                                          const std::filesystem::path& work,
                                          const AgentStarter& agents, Sink& sink);

}  // namespace edgeopt::pipeline
