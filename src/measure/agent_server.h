// The agent: runs one model at a time in this process, on requests (docs/agent-protocol.md).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

struct AgentConfig {
  std::string version;          // of edgeopt
  std::filesystem::path store;  // for files by hash; empty: a temporary folder
  struct Source {
    std::string name;  // "onnxruntime"
    std::function<Result<std::shared_ptr<runtimes::Runtime>>()> open;
  };
  std::vector<Source> runtimes;
  std::filesystem::path machine_root = "/";  // where facts about the machine are read
  hardware::Host board;                      // where the board's sensors and programs are
  std::filesystem::path journal_folder;      // how clocks were before they were locked
};

// Serves requests from `in_fd` until its end or a shutdown. Unavailable when the store can't be
// made; whatever a request causes is answered, never returned.
Status ServeAgent(const AgentConfig& config, int in_fd, int out_fd);

// What `edgeopt agent` is: serves standard input and output. Takes standard output away from
// everybody else in the process (they get standard error), and lets Ctrl-C pass: the client, which
// the terminal interrupts too, decides what happens to its agents.
Status RunAgentProcess(const AgentConfig& config);

}  // namespace edgeopt::measure
