// A model under sustained load: one long run, told in windows.
#pragma once

#include <filesystem>

#include "base/sinks.h"
#include "measure/conditions.h"
#include "measure/sustained.h"
#include "pipeline/agents.h"

namespace edgeopt::pipeline {

// Runs the loaded model for so long after its warm-up: at least plan.min_runs times. The plan's
// min_seconds and max_runs do not count.
Result<measure::BenchResult> RunSustained(double seconds, measure::BenchPlan plan,
                                          measure::AgentClient& client, Sink* sink);

// As a record holds it; `step` and `measured_under` are left to the caller.
report::Sustained ToSustained(const measure::SustainedLoad& load);

// The best step of the run, for record.measuring.sustained_s.
Result<report::Sustained> SustainBest(const report::Record& record,
                                      const std::filesystem::path& work, const AgentStarter& agents,
                                      const measure::Clocks& clocks, Sink& sink);

}  // namespace edgeopt::pipeline
