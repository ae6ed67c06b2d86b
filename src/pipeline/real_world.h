// The World of the workflow: child processes of this program make the variants, agents run them.
#pragma once

#include <filesystem>

#include "base/sinks.h"
#include "pipeline/agents.h"
#include "pipeline/preflight.h"
#include "pipeline/state.h"
#include "pipeline/workflow.h"

namespace edgeopt::pipeline {

struct RealWorldOptions {
  AgentStarter agents;
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
  bool quiet = false;  // handed on to the children
};

// `work` must outlive the World; its lock is what makes the files in it ours.
World MakeRealWorld(const WorkFolder& work, const RealWorldOptions& options);
PreflightWorld MakePreflightWorld(const AgentStarter& agents);

// "2025-01-31T12:00:00Z"
std::string UtcNow();

}  // namespace edgeopt::pipeline
