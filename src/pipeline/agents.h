// Agents of this program: every model that the workflow runs, runs in one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "measure/agent_client.h"
#include "pipeline/packager.h"

namespace edgeopt::pipeline {

struct AgentStarter {
  std::filesystem::path program;          // edgeopt
  std::filesystem::path runtime_library;  // empty: the default one
  const CancelToken* cancel = nullptr;

  // A new agent with the model loaded. `spin` off leaves the cores to others between operators: for
  // everything but timing.
  Result<std::unique_ptr<measure::AgentClient>> Load(const std::filesystem::path& model,
                                                     int threads, bool spin = true) const;
  // The same for a TFLite file, in LiteRT.
  Result<std::unique_ptr<measure::AgentClient>> LoadTflite(const std::filesystem::path& model,
                                                           int threads) const;
};

RunModel RunInAgent(AgentStarter starter, int threads);

}  // namespace edgeopt::pipeline
