// The agent as the programs run it, `edgeopt agent` and the small edgeopt-agent: with every runtime
// there is.
#pragma once

#include <filesystem>
#include <string>

#include "measure/agent_server.h"

namespace edgeopt::measure {

struct AgentPlaces {
  std::filesystem::path program;          // this executable
  std::filesystem::path runtime_library;  // of ONNX Runtime; empty: the one found by default
  std::filesystem::path cache;            // ~/.cache/edgeopt; empty: there is none
  std::filesystem::path store;            // AgentConfig::store
};

// Runtimes are opened when they are asked for, by runtimes/library_path.h.
AgentConfig ProgramAgent(std::string version, const AgentPlaces& places);

}  // namespace edgeopt::measure
