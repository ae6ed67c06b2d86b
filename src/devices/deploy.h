// Puts an agent on a host, once, and removes all of it again. There, below ~/.cache/edgeopt/agents:
//
//   store/SHA256       contents by hash: the agent's files, and the models that agents were sent
//   HASH/bin/edgeopt   an agent: hard links into the store; HASH is over all its names and contents
//   HASH/lib/edgeopt/*.so*
//
// Nothing else is touched there, no rights are needed, no port is opened. A content appears in the
// store when its hash has been checked there; an agent's folder appears under its name when the
// program in it has been started once. So what was cut off in the middle is never taken for whole,
// and the next try sends only what is missing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "devices/agent_files.h"
#include "devices/host_facts.h"
#include "devices/ssh_host.h"

namespace edgeopt::devices {

struct Deployment {
  std::string hash;  // the agent's folder
  int64_t sent_files = 0, sent_bytes = 0;
};

// Requires CheckHost and CheckAgentFiles. Unavailable, with what to do: the connection, a full
// disk, a folder that can't be written, a library that the host lacks.
Result<Deployment> Deploy(SshHost& host, const HostFacts& facts,
                          const std::vector<AgentFile>& files, Sink& sink);

// A script for the POSIX shell that runs the agent `$1` on standard input and output, and passes
// its exit code on (128 + N where signal N killed it).
std::string AgentScript();

struct Cleaned {
  std::string folder;  // empty: there was none
  int64_t agents = 0;
  int64_t files = 0;  // in the store: those of the agents, and models
  int64_t bytes = 0;
};
// Removes every agent and model, of other versions too, and the folders above them that are empty
// then. Unavailable, and nothing is removed, while the clocks there are locked (their journal is in
// ~/.cache/edgeopt/clocks).
Result<Cleaned> Clean(SshHost& host);

}  // namespace edgeopt::devices
