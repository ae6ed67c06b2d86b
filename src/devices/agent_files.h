// The files that make an agent on another machine: the program and its runtimes' libraries, for
// that machine's processor. Found here; deploy.h takes them there.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devices/host_facts.h"

namespace edgeopt::devices {

struct AgentFile {
  std::filesystem::path local;
  // Below the agent's folder there: "bin/edgeopt", "lib/edgeopt/libLiteRt.so". The program looks
  // for its runtimes in ../lib/edgeopt (runtimes/library_path.h).
  std::string name;
};

// Where the files may be.
struct AgentSources {
  std::filesystem::path program;          // this edgeopt
  std::filesystem::path runtime_library;  // ONNX Runtime that the user names; empty: the usual one
  std::filesystem::path cache;            // of tools/setup; empty: none
  // Instead of the usual places: a folder with bin/edgeopt or lib/edgeopt/edgeopt-agent, and
  // lib/edgeopt/*.so*, as an installation has them, or with all of them directly in it. Runtimes
  // that it lacks come from the cache.
  std::filesystem::path folder;
};

// The program first: edgeopt-agent, or edgeopt itself where that is not there. For this program's
// own architecture: what lies beside it, and the runtimes that it uses. For another one: what `make
// arm64` builds. A runtime that is not there is left out, as long as there is one. Unavailable,
// with what to build or to name, when there is no program or no runtime.
Result<std::vector<AgentFile>> FindAgentFiles(std::string_view architecture,
                                              const AgentSources& sources);

// The host's system and processor are ones that agents are built for: Unsupported when not.
Status CheckHost(const HostFacts& facts, std::string_view host);

// The files' processor and the glibc that they ask for are the host's: Unsupported when not. Where
// the host's glibc is not known, only starting the program tells.
Status CheckAgentFiles(const std::vector<AgentFile>& files, const HostFacts& facts,
                       std::string_view host);

}  // namespace edgeopt::devices
