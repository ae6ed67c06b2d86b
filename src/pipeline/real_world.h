// The World of the workflow: child processes of this program make the variants, agents run them.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "base/sinks.h"
#include "measure/conditions.h"
#include "pipeline/agents.h"
#include "pipeline/import_source.h"
#include "pipeline/preflight.h"
#include "pipeline/state.h"
#include "pipeline/workflow.h"

namespace edgeopt::pipeline {

struct RealWorldOptions {
  AgentStarter agents;
  measure::Clocks clocks;  // of the machine where they run, as the run has set them
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
  bool quiet = false;  // handed on to the children
};

// `work` must outlive the World; its lock is what makes the files in it ours.
World MakeRealWorld(const WorkFolder& work, const RealWorldOptions& options);
// `agents`: or why the host of the run can't be reached, which is told as the item "host".
// `here`: on this machine, where sources are imported.
PreflightWorld MakePreflightWorld(const Result<AgentStarter>& agents, const ImportTools& here);

// The error in a --json document of this program; nullopt: none.
std::optional<Error> ErrorIn(const nlohmann::json& document);

}  // namespace edgeopt::pipeline
