// Agents of this program, here or on another machine: every model that the workflow runs, runs in
// one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "devices/remote_host.h"
#include "measure/agent_client.h"
#include "pipeline/convert_types.h"
#include "pipeline/packager.h"

namespace edgeopt::pipeline {

struct AgentStarter {
  std::filesystem::path program;          // edgeopt
  std::filesystem::path runtime_library;  // empty: the default one
  const CancelToken* cancel = nullptr;
  // Where the agents run; empty: on this machine.
  std::shared_ptr<devices::RemoteHost> remote;

  // A new agent without a model.
  Result<std::unique_ptr<measure::AgentClient>> Start() const;
  // A new agent with the model loaded, in the runtime of its format (FormatOf). No threads: one per
  // CPU that the agent may use. `spin` off leaves the cores to others between operators: for
  // everything but timing.
  Result<std::unique_ptr<measure::AgentClient>> Load(const std::filesystem::path& model,
                                                     int threads, bool spin = true) const;
  Result<std::unique_ptr<measure::AgentClient>> Load(const std::filesystem::path& model,
                                                     const runtimes::SessionOptions& options) const;
};

RunModel RunInAgent(AgentStarter starter, int threads);

// Each session has its agent, which ends with it.
LoadTflite TfliteInAgent(AgentStarter starter);

}  // namespace edgeopt::pipeline
